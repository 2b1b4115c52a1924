import { encodeNoise, freshNoise, keySwitchNoise, rescaleNoise } from '../../ir/ckks/noise.ts';
import { slotCount, type Parameters } from '../../ir/ckks/parameters.ts';
import { fail } from '../../ir/diagnostics.ts';
import type { Backend } from '../backend.ts';
import { largestValue } from '../largest-value.ts';
import { makeRandom, normal, normalTable, type Random } from './random.ts';
import * as slotwise from './slotwise.ts';

/** What a ciphertext would decrypt to, noise included. */
export interface SimulatedCipher {
  readonly values: Float64Array;
  readonly level: number;
  readonly scale: number;
  readonly size: number;
  /** No slot is larger than this. */
  readonly bound: number;
}

/** An encoded vector, its rounding included: one number, or one for each slot. */
export type SimulatedPlain = Omit<SimulatedCipher, 'size'>;

export interface SimulatorBackend extends Backend<SimulatedCipher, SimulatedPlain> {
  /** A fresh encryption under the secret key. */
  readonly encrypt: (vector: Float64Array, level: number, scale: number) => SimulatedCipher;
  /** Starts the noise of a run; runs with equal numbers have equal noise. */
  readonly startRun: (run: number) => void;
  /** Buffers in the pool: all of them when nothing is alive. For tests. */
  readonly freeBuffers: () => number;
}

/**
 * CKKS without encryption: exact doubles plus, at each operation that makes noise, normal noise of the standard deviation that the real
 * operation gives (ir/ckks/noise.ts), and the checks that the real one cannot make: levels and scales agree (FHE0503, FHE0504), and every slot
 * times its scale stays below half the modulus (FHE0803). Noise that a product passes on needs no formula: the noise is in the values.
 */
export function simulatorBackend(parameters: Parameters, seed: number): SimulatorBackend {
  const slots = slotCount(parameters);
  const { ringDegree, primes } = parameters;
  const table = normalTable(makeRandom(seed, 0), Math.max(2 ** 17, 4 * slots));
  const largest = table.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  const ofEncoding = makeRandom(seed, 1);
  let ofRun = makeRandom(seed, 2, 0);
  const keySwitch = primes.map((_, level) => keySwitchNoise(parameters, level));
  const limits = primes.map((_, level) => largestValue(parameters, level, 1));
  const pool: Float64Array[] = [];

  const buffer = (): Float64Array => pool.pop() ?? new Float64Array(slots);
  const place = (random: Random): number => random() % (table.length - slots);

  /** The bound is cheap and loose; only where it does not suffice are the slots looked at. */
  const checked = (
    values: Float64Array,
    level: number,
    scale: number,
    size: number,
    bound: number,
  ): SimulatedCipher => {
    const limit = limits[level] / scale;
    if (bound < limit) return { values, level, scale, size, bound };
    const found = slotwise.largestMagnitude(values);
    if (found < limit) return { values, level, scale, size, bound: found };
    pool.push(values);
    return fail(
      'FHE0803',
      `a slot holds ${found.toPrecision(3)}; at level ${level} and scale 2^${Math.log2(scale).toFixed(1)} at most ${limit.toPrecision(3)} fits`,
    );
  };

  const sameLevel = (a: SimulatedPlain, b: SimulatedPlain): void => {
    if (a.level !== b.level) fail('FHE0503', `operands at levels ${a.level} and ${b.level}`);
  };
  const sameForm = (a: SimulatedPlain, b: SimulatedPlain): void => {
    sameLevel(a, b);
    if (Math.abs(a.scale - b.scale) > 2 ** -40 * a.scale)
      fail('FHE0504', `operands of scales ${a.scale} and ${b.scale}`);
  };

  const sum = (a: SimulatedCipher, b: SimulatedPlain, size: number, sign: 1 | -1): SimulatedCipher => {
    sameForm(a, b);
    const values = buffer();
    if (b.values.length === 1) slotwise.addNumber(values, a.values, b.values[0]);
    else if (sign > 0) slotwise.add(values, a.values, b.values);
    else slotwise.sub(values, a.values, b.values);
    return checked(values, a.level, a.scale, size, a.bound + b.bound);
  };

  const product = (a: SimulatedCipher, b: SimulatedPlain, size: number): SimulatedCipher => {
    sameLevel(a, b);
    const values = buffer();
    if (b.values.length === 1) slotwise.mulNumber(values, a.values, b.values[0]);
    else slotwise.mul(values, a.values, b.values);
    return checked(values, a.level, a.scale * b.scale, size, a.bound * b.bound);
  };

  /** `deviation`: of the noise in a slot, before division by the scale. */
  const noisy = (a: SimulatedCipher, steps: number, level: number, scale: number, size: number, deviation: number) => {
    const values = buffer();
    const strength = deviation / scale;
    slotwise.rotateWithNoise(values, a.values, steps, table, place(ofRun), strength);
    return checked(values, level, scale, size, a.bound + strength * largest);
  };

  return {
    name: 'simulator',
    startRun: (run) => {
      ofRun = makeRandom(seed, 2, run);
    },
    freeBuffers: () => pool.length,
    encrypt: (vector, level, scale) => {
      const strength = freshNoise(ringDegree) / scale;
      const rounding = encodeNoise(ringDegree) / scale;
      const values = buffer();
      slotwise.rotateWithNoise(values, vector, 0, table, place(ofRun), Math.hypot(strength, rounding));
      return checked(values, level, scale, 2, Infinity);
    },
    encode: (vector, level, scale) => {
      const strength = encodeNoise(ringDegree, vector.length === 1) / scale;
      const values = new Float64Array(vector.length);
      if (vector.length === 1) values[0] = vector[0] + strength * normal(ofEncoding);
      else slotwise.rotateWithNoise(values, vector, 0, table, place(ofEncoding), strength);
      const bound = slotwise.largestMagnitude(values);
      if (!(bound < limits[level] / scale))
        fail('FHE0803', `a constant of magnitude ${bound.toPrecision(3)} does not fit at level ${level}`);
      return { values, level, scale, bound };
    },
    add: (a, b) => sum(a, b, Math.max(a.size, b.size), 1),
    sub: (a, b) => sum(a, b, Math.max(a.size, b.size), -1),
    addPlain: (a, p) => sum(a, p, a.size, 1),
    mulPlain: (a, p) => product(a, p, a.size),
    mul: (a, b) => product(a, b, a.size + b.size - 1),
    negate: (a) => {
      const values = buffer();
      slotwise.mulNumber(values, a.values, -1);
      return { ...a, values };
    },
    relinearize: (a) => noisy(a, 0, a.level, a.scale, 2, keySwitch[a.level]),
    rotate: (a, steps) => noisy(a, steps, a.level, a.scale, a.size, keySwitch[a.level]),
    rescale: (a) => {
      if (a.level === 0) fail('FHE0503', 'rescale at level 0');
      const scale = a.scale / Number(primes[a.level]);
      return noisy(a, 0, a.level - 1, scale, a.size, rescaleNoise(ringDegree, a.size));
    },
    modSwitch: (a, level) => {
      if (!(level >= 0 && level < a.level)) fail('FHE0503', `mod_switch from level ${a.level} to ${level}`);
      const values = buffer();
      values.set(a.values);
      return checked(values, level, a.scale, a.size, a.bound);
    },
    conjugate: () => fail('FHE0804', 'the simulator has no conjugate'),
    mulI: () => fail('FHE0804', 'the simulator has no mul_i'),
    modRaise: () => fail('FHE0804', 'the simulator has no mod_raise'),
    switchKey: () => fail('FHE0804', 'the simulator has no switch_key'),
    releaseCipher: (a) => void pool.push(a.values),
    releasePlain: () => undefined,
  };
}
