import { makeEmbedding, type Embedding } from '../../ir/ckks/embedding.ts';
import { encodeNoise, freshNoise, keySwitchNoise, rescaleNoise, secretSwitchNoise } from '../../ir/ckks/noise.ts';
import { averageDenseWeight, drawOverflow } from '../../ir/ckks/overflow.ts';
import { slotCount, type Parameters } from '../../ir/ckks/parameters.ts';
import { defaultSparseWeight } from '../../ir/ckks/secret.ts';
import { fail } from '../../ir/diagnostics.ts';
import type { Backend } from '../backend.ts';
import { largestValue } from '../largest-value.ts';
import { makeRandom, normal, normalTable, type Random } from './random.ts';
import { largestCoefficient, largestSlot, SlotVectors, type Noise, type Slots } from './slot-vectors.ts';
import * as slotwise from './slotwise.ts';

/** What a ciphertext would decrypt to, noise included. */
export interface SimulatedCipher extends Slots {
  readonly level: number;
  readonly scale: number;
  readonly size: number;
  /** No slot is larger than this. */
  readonly bound: number;
  /** The Hamming weight of the secret that it is under. */
  readonly hammingWeight: number;
  /** Each ciphertext has its own, and names the one that it is the conjugate of. */
  readonly id: number;
  readonly conjugateOf?: number;
}

/** An encoded vector, its rounding included: one number, or one for each slot. */
export type SimulatedPlain = Omit<SimulatedCipher, 'size' | 'hammingWeight' | 'id' | 'conjugateOf'>;

export interface SimulatorOptions {
  /** The Hamming weight of the ephemeral sparse secret. */
  readonly sparseWeight?: number | undefined;
  /**
   * Carries the noise of the imaginary parts of real vectors too, at twice the work. It matters only to programs that turn real values into imaginary ones;
   * without it a vector plus its conjugate is real.
   */
  readonly imaginaryNoise?: boolean;
}

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
 * operation gives (ir/ckks/noise.ts), the multiples of the base prime that a raise of the modulus adds, and the checks that the real one cannot
 * make: levels and scales agree (FHE0503, FHE0504), and every coefficient times its scale stays below half the modulus (FHE0803). Noise that a product
 * passes on needs no formula: the noise is in the values.
 */
export function simulatorBackend(
  parameters: Parameters,
  seed: number,
  { sparseWeight = defaultSparseWeight, imaginaryNoise = false }: SimulatorOptions = {},
): SimulatorBackend {
  const slots = slotCount(parameters);
  const { ringDegree, primes } = parameters;
  const dense = averageDenseWeight(ringDegree);
  const table = normalTable(makeRandom(seed, 0), Math.max(2 ** 17, 4 * slots));
  const largest = table.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  const ofEncoding = makeRandom(seed, 1);
  let ofRun = makeRandom(seed, 2, 0);
  const keySwitch = primes.map((_, level) => keySwitchNoise(parameters, level));
  const limits = primes.map((_, level) => largestValue(parameters, level, 1));
  const vectors = new SlotVectors(slots);
  const nothing = new Float64Array(slots);
  let embedding: Embedding | undefined;
  let count = 0;

  const place = (random: Random): number => random() % (table.length - slots);
  const noise = (strength: number): Noise => ({ table, place: () => place(ofRun), strength });

  const embed = (): Embedding => (embedding ??= makeEmbedding(ringDegree));

  /** The bound is cheap and loose; only where it does not suffice are the slots looked at, and only where those do not, the coefficients. */
  const checked = (
    vector: Slots,
    level: number,
    scale: number,
    size: number,
    bound: number,
    hammingWeight = dense,
  ): SimulatedCipher => {
    const limit = limits[level] / scale;
    const most = bound < limit ? bound : largestSlot(vector);
    const { values, imaginary } = vector;
    // Slots may be far larger than coefficients, as they are after SlotsToCoeffs; it is the coefficients that must fit.
    if (most < limit || (most < Infinity && largestCoefficient(embed(), vector) < limit))
      return { values, imaginary, level, scale, size, bound: most, hammingWeight, id: count++ };
    vectors.release(vector);
    return fail(
      'FHE0803',
      `a slot holds ${most.toPrecision(3)}; at level ${level} and scale 2^${Math.log2(scale).toFixed(1)} at most ${limit.toPrecision(3)} fits`,
    );
  };

  /** Encoders refuse by slots, before they know the coefficients. */
  const requireFit = (most: number, level: number, scale: number): void => {
    if (!(most < limits[level] / scale))
      fail('FHE0803', `a slot of magnitude ${most.toPrecision(3)} does not fit at level ${level}`);
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
    return checked(vectors.sum(a, b, sign), a.level, a.scale, size, a.bound + b.bound);
  };

  const product = (a: SimulatedCipher, b: SimulatedPlain, size: number): SimulatedCipher => {
    sameLevel(a, b);
    return checked(vectors.product(a, b), a.level, a.scale * b.scale, size, a.bound * b.bound);
  };

  /** Another vector of the same form. */
  const fresh = (a: SimulatedCipher, vector: Slots): SimulatedCipher =>
    checked(vector, a.level, a.scale, a.size, a.bound, a.hammingWeight);

  const realOf = (a: SimulatedCipher): SimulatedCipher => ({ ...a, imaginary: undefined });

  /** The largest magnitude that noise of this strength gives a slot of `a`. */
  const reach = (a: Slots, strength: number): number => strength * largest * (a.imaginary ? Math.SQRT2 : 1);

  /** `deviation`: of the noise in a slot, before division by the scale. */
  const noisy = (
    a: SimulatedCipher,
    steps: number,
    level: number,
    scale: number,
    size: number,
    deviation: number,
    hammingWeight = a.hammingWeight,
  ): SimulatedCipher => {
    const strength = deviation / scale;
    const moved = vectors.rotated(a, steps, noise(strength));
    return checked(moved, level, scale, size, a.bound + reach(a, strength), hammingWeight);
  };

  /** A public vector with the rounding of its encoding. */
  const rounded = (vector: Float64Array, strength: number): Slots => {
    if (vector.length === 1) return { values: Float64Array.of(vector[0] + strength * normal(ofEncoding)) };
    const part = (vectorPart: Float64Array): Float64Array => {
      const values = new Float64Array(slots);
      slotwise.rotateWithNoise(values, vectorPart, 0, table, place(ofEncoding), strength);
      return values;
    };
    const values = part(vector.subarray(0, slots));
    if (vector.length > slots) return { values, imaginary: part(vector.subarray(slots)) };
    return imaginaryNoise ? { values, imaginary: part(nothing) } : { values };
  };

  return {
    name: 'simulator',
    startRun: (run) => {
      ofRun = makeRandom(seed, 2, run);
    },
    freeBuffers: () => vectors.free,
    encrypt: (vector, level, scale) => {
      const strength = Math.hypot(freshNoise(ringDegree), encodeNoise(ringDegree)) / scale;
      const exact = imaginaryNoise ? { values: vector, imaginary: nothing } : { values: vector };
      const encrypted = vectors.rotated(exact, 0, noise(strength));
      requireFit(largestSlot(encrypted), level, scale);
      return checked(encrypted, level, scale, 2, Infinity);
    },
    encode: (vector, level, scale) => {
      const encoded = rounded(vector, encodeNoise(ringDegree, vector.length === 1) / scale);
      const bound = largestSlot(encoded);
      requireFit(bound, level, scale);
      return { ...encoded, level, scale, bound };
    },
    add: (a, b) => {
      const size = Math.max(a.size, b.size);
      const real = !imaginaryNoise && (a.conjugateOf === b.id || b.conjugateOf === a.id);
      return real ? sum(realOf(a), realOf(b), size, 1) : sum(a, b, size, 1);
    },
    sub: (a, b) => sum(a, b, Math.max(a.size, b.size), -1),
    addPlain: (a, p) => sum(a, p, a.size, 1),
    mulPlain: (a, p) => product(a, p, a.size),
    mul: (a, b) => product(a, b, a.size + b.size - 1),
    negate: (a) => fresh(a, vectors.negated(a)),
    relinearize: (a) => noisy(a, 0, a.level, a.scale, 2, keySwitch[a.level]),
    rotate: (a, steps) => noisy(a, steps, a.level, a.scale, a.size, keySwitch[a.level]),
    rescale: (a) => {
      if (a.level === 0) fail('FHE0503', 'rescale at level 0');
      const scale = a.scale / Number(primes[a.level]);
      return noisy(a, 0, a.level - 1, scale, a.size, rescaleNoise(ringDegree, a.size));
    },
    modSwitch: (a, level) => {
      if (!(level >= 0 && level < a.level)) fail('FHE0503', `mod_switch from level ${a.level} to ${level}`);
      return checked(vectors.copy(a), level, a.scale, a.size, a.bound);
    },
    conjugate: (a) => {
      const strength = keySwitch[a.level] / a.scale;
      const conjugated = vectors.conjugated(a, noise(strength));
      const cipher = checked(conjugated, a.level, a.scale, a.size, a.bound + reach(a, strength));
      return { ...cipher, conjugateOf: a.id };
    },
    mulI: (a) => fresh(a, vectors.timesMonomial(a)),
    modRaise: (a, level) => {
      if (a.level !== 0 || level < 1) fail('FHE0503', `mod_raise from level ${a.level} to ${level}`);
      const multiples = drawOverflow(embed(), a.hammingWeight, () => normal(ofRun));
      const raised = vectors.plusMultiple(a, multiples, Number(primes[0]) / a.scale);
      return checked(raised, level, a.scale, a.size, Infinity, a.hammingWeight);
    },
    switchKey: (a, to) =>
      noisy(
        a,
        0,
        a.level,
        a.scale,
        a.size,
        secretSwitchNoise(parameters, to, sparseWeight),
        to === 'sparse' ? sparseWeight : dense,
      ),
    releaseCipher: (a) => vectors.release(a),
    releasePlain: () => undefined,
  };
}
