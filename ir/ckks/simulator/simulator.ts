import { fail } from '../../diagnostics.ts';
import { makeEmbedding, type Embedding } from '../embedding.ts';
import { largestMagnitude, largestModulus, largestValue } from '../largest-value.ts';
import { encodeNoise, freshNoise, keySwitchNoise, plaintextNoise, rescaleNoise, secretSwitchNoise } from '../noise.ts';
import { averageDenseWeight, drawOverflow } from '../overflow.ts';
import { slotCount, type Parameters } from '../parameters.ts';
import { defaultSparseWeight, type SecretName } from '../secret.ts';
import { makeRandom, normal, normalTable, type Random } from './random.ts';
import { SlotVectors, type Noise, type Slots, type SlotVector } from './slot-vectors.ts';

/** What a ciphertext would decrypt to, noise included. */
export interface SimulatedCipher {
  readonly vector: SlotVector;
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
export type SimulatedPlain = Pick<SimulatedCipher, 'vector' | 'level' | 'scale' | 'bound'>;

export interface SimulatorOptions {
  /** The Hamming weight of the ephemeral sparse secret. */
  readonly sparseWeight?: number | undefined;
  /**
   * Carries the noise of the imaginary parts of real vectors too, at twice the work. It matters only to programs that turn real values into imaginary ones;
   * without it a vector plus its conjugate is real.
   */
  readonly imaginaryNoise?: boolean;
  /** Without noise (and multiples of the base prime) results are exact; what does not fit is still refused. Default true. */
  readonly noise?: boolean;
}

/** What simulators of one program share: encoded vectors of one may be operands of all. */
export interface SimulatorFamily {
  /** A simulator with the noise of this run: equal numbers, equal noise. */
  readonly open: (run: number) => CkksSimulator;
  /** Buffers in the pool: all of them when nothing is alive. For tests. */
  readonly freeBuffers: () => number;
}

export type CkksSimulator = ReturnType<typeof openRun>;

/**
 * CKKS without encryption: exact doubles plus, at each operation that makes noise, normal noise of the standard deviation that the real
 * operation gives (ir/ckks/noise.ts), the multiples of the base prime that a raise of the modulus adds, and the checks that the real one cannot
 * make: levels and scales agree (FHE0503, FHE0504), and every coefficient times its scale stays below half the modulus (FHE0803). Noise that a product
 * passes on needs no formula: the noise is in the values.
 */
export function makeSimulators(parameters: Parameters, seed: number, options: SimulatorOptions = {}): SimulatorFamily {
  const shared = makeShared(parameters, seed, options);
  return { open: (run) => openRun(shared, run), freeBuffers: () => shared.vectors.free };
}

type Shared = ReturnType<typeof makeShared>;

function makeShared(parameters: Parameters, seed: number, options: SimulatorOptions) {
  const { sparseWeight = defaultSparseWeight, imaginaryNoise = false, noise: noisy = true } = options;
  const slots = slotCount(parameters);
  const table = normalTable(makeRandom(seed, 0), Math.max(2 ** 17, 4 * slots));
  let embedding: Embedding | undefined;
  return {
    parameters,
    seed,
    sparseWeight,
    imaginaryNoise,
    slots,
    table,
    /** Of the standard deviation of noise. */
    factor: noisy ? 1 : 0,
    largest: largestMagnitude(Float64Array.from(table)),
    keySwitch: parameters.primes.map((_, level) => keySwitchNoise(parameters, level)),
    limits: parameters.primes.map((_, level) => largestValue(parameters, level, 1)),
    vectors: new SlotVectors(slots),
    nothing: new Float64Array(slots),
    embedding: (): Embedding => (embedding ??= makeEmbedding(parameters.ringDegree)),
  };
}

function openRun(shared: Shared, run: number) {
  const { parameters, seed, sparseWeight, imaginaryNoise, slots, table, factor, largest, limits, vectors } = shared;
  const { ringDegree, primes } = parameters;
  const dense = averageDenseWeight(ringDegree);
  // What is encoded is the same in every run.
  const ofEncoding = makeRandom(seed, 1);
  const ofRun = makeRandom(seed, 2, run);
  let count = 0;

  const place = (random: Random): number => random() % (table.length - slots);
  const noise = (deviation: number, random = ofRun): Noise => ({
    table,
    place: () => place(random),
    strength: factor * deviation,
  });

  /** The largest absolute value in any slot; NaN when any is NaN. */
  const largestSlot = (vector: SlotVector): number => {
    const { values, imaginary } = vectors.read(vector);
    return imaginary ? largestModulus(values, imaginary) : largestMagnitude(values);
  };

  /** The largest absolute coefficient of the polynomial that has these slots. */
  const largestCoefficient = (vector: SlotVector): number => {
    const { values, imaginary = shared.nothing } = vectors.read(vector);
    return largestMagnitude(shared.embedding().toCoefficients({ real: values, imaginary }));
  };

  /** The bound is cheap and loose; only where it does not suffice are the slots looked at, and only where those do not, the coefficients. */
  const checked = (
    vector: SlotVector,
    level: number,
    scale: number,
    size: number,
    bound: number,
    hammingWeight = dense,
  ): SimulatedCipher => {
    const limit = limits[level] / scale;
    const most = bound < limit ? bound : largestSlot(vector);
    // Slots may be far larger than coefficients, as they are after SlotsToCoeffs; it is the coefficients that must fit.
    if (most < limit || (most < Infinity && largestCoefficient(vector) < limit))
      return { vector, level, scale, size, bound: most, hammingWeight, id: count++ };
    vectors.release(vector);
    return fail(
      'FHE0803',
      `a slot holds ${most.toPrecision(3)}; at level ${level} and scale 2^${Math.log2(scale).toFixed(1)} at most ${limit.toPrecision(3)} fits`,
    );
  };

  /** Encoders refuse by slots, before they know the coefficients. Gives the largest slot. */
  const requireFit = (vector: SlotVector, level: number, scale: number): number => {
    const most = largestSlot(vector);
    if (most < limits[level] / scale) return most;
    vectors.release(vector);
    return fail('FHE0803', `a slot of magnitude ${most.toPrecision(3)} does not fit at level ${level}`);
  };

  const sameLevel = (a: SimulatedPlain, b: SimulatedPlain): void => {
    if (a.level !== b.level) fail('FHE0503', `operands at levels ${a.level} and ${b.level}`);
  };
  const sameForm = (a: SimulatedPlain, b: SimulatedPlain): void => {
    sameLevel(a, b);
    if (Math.abs(a.scale - b.scale) > 2 ** -40 * a.scale)
      fail('FHE0504', `operands of scales ${a.scale} and ${b.scale}`);
  };

  type Combine = (a: SlotVector, b: SlotVector) => SlotVector;

  const sum = (a: SimulatedCipher, b: SimulatedPlain, size: number, combine: Combine): SimulatedCipher => {
    sameForm(a, b);
    return checked(combine(a.vector, b.vector), a.level, a.scale, size, a.bound + b.bound);
  };

  const product = (a: SimulatedCipher, b: SimulatedPlain, size: number, combine: Combine): SimulatedCipher => {
    sameLevel(a, b);
    return checked(combine(a.vector, b.vector), a.level, a.scale * b.scale, size, a.bound * b.bound);
  };

  const add: Combine = (a, b) => vectors.sum(a, b);
  const addReal: Combine = (a, b) => vectors.realSum(a, b);
  const subtract: Combine = (a, b) => vectors.difference(a, b);

  /** Another vector of the same form. */
  const fresh = (a: SimulatedCipher, vector: SlotVector): SimulatedCipher =>
    checked(vector, a.level, a.scale, a.size, a.bound, a.hammingWeight);

  /** The largest magnitude that this noise gives a slot of `a`. */
  const reach = ({ vector }: SimulatedPlain, { strength }: Noise): number =>
    strength * largest * (vector.complex ? Math.SQRT2 : 1);

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
    const added = noise(deviation / scale);
    const moved = vectors.rotated(a.vector, steps, added);
    return checked(moved, level, scale, size, a.bound + reach(a, added), hammingWeight);
  };

  /** A public vector of 1, n or 2 n numbers with the rounding of its encoding. */
  const rounded = (vector: Float64Array, strength: number): SlotVector => {
    if (vector.length === 1)
      return vectors.borrowed({ values: Float64Array.of(vector[0] + factor * strength * normal(ofEncoding)) });
    const imaginary = imaginaryNoise ? shared.nothing : undefined;
    const exact =
      vector.length > slots
        ? { values: vector.subarray(0, slots), imaginary: vector.subarray(slots) }
        : { values: vector, imaginary };
    if (factor === 0) return vectors.borrowed(exact);
    return vectors.noisy(exact, 0, noise(strength, ofEncoding));
  };

  return {
    name: 'simulator',
    /** A fresh encryption under the secret key. */
    encrypt: (vector: Float64Array, level: number, scale: number): SimulatedCipher => {
      const deviation = Math.hypot(freshNoise(ringDegree), encodeNoise(ringDegree)) / scale;
      const exact = imaginaryNoise ? { values: vector, imaginary: shared.nothing } : { values: vector };
      const encrypted = vectors.noisy(exact, 0, noise(deviation));
      return checked(encrypted, level, scale, 2, requireFit(encrypted, level, scale));
    },
    /** The slots, which are the ciphertext's own. */
    decrypt: (a: SimulatedCipher): Slots => vectors.read(a.vector),
    /** Without noise the numbers are used where they are: they must stay until the plaintext is released. */
    encode: (numbers: Float64Array, level: number, scale: number): SimulatedPlain => {
      const vector = rounded(numbers, plaintextNoise(ringDegree, scale, numbers.length === 1));
      return { vector, level, scale, bound: requireFit(vector, level, scale) };
    },
    add: (a: SimulatedCipher, b: SimulatedCipher) => {
      const real = !imaginaryNoise && (a.conjugateOf === b.id || b.conjugateOf === a.id);
      return sum(a, b, Math.max(a.size, b.size), real ? addReal : add);
    },
    sub: (a: SimulatedCipher, b: SimulatedCipher) => sum(a, b, Math.max(a.size, b.size), subtract),
    addPlain: (a: SimulatedCipher, p: SimulatedPlain) => sum(a, p, a.size, add),
    mulPlain: (a: SimulatedCipher, p: SimulatedPlain) => product(a, p, a.size, (x, y) => vectors.productLater(x, y)),
    mul: (a: SimulatedCipher, b: SimulatedCipher) =>
      product(a, b, a.size + b.size - 1, (x, y) => vectors.product(x, y)),
    negate: (a: SimulatedCipher) => fresh(a, vectors.negated(a.vector)),
    relinearize: (a: SimulatedCipher) => noisy(a, 0, a.level, a.scale, 2, shared.keySwitch[a.level]),
    rotate: (a: SimulatedCipher, steps: number) => noisy(a, steps, a.level, a.scale, a.size, shared.keySwitch[a.level]),
    rescale: (a: SimulatedCipher) => {
      if (a.level === 0) fail('FHE0503', 'rescale at level 0');
      const scale = a.scale / Number(primes[a.level]);
      return noisy(a, 0, a.level - 1, scale, a.size, rescaleNoise(ringDegree, a.size));
    },
    modSwitch: (a: SimulatedCipher, level: number) => {
      if (!(level >= 0 && level < a.level)) fail('FHE0503', `mod_switch from level ${a.level} to ${level}`);
      return checked(vectors.hold(a.vector), level, a.scale, a.size, a.bound);
    },
    conjugate: (a: SimulatedCipher): SimulatedCipher => {
      const added = noise(shared.keySwitch[a.level] / a.scale);
      const conjugated = vectors.conjugated(a.vector, added);
      return { ...checked(conjugated, a.level, a.scale, a.size, a.bound + reach(a, added)), conjugateOf: a.id };
    },
    mulI: (a: SimulatedCipher) => fresh(a, vectors.timesMonomial(a.vector)),
    modRaise: (a: SimulatedCipher, level: number) => {
      if (a.level !== 0 || level < 1) fail('FHE0503', `mod_raise from level ${a.level} to ${level}`);
      if (factor === 0) return checked(vectors.hold(a.vector), level, a.scale, a.size, a.bound, a.hammingWeight);
      const multiples = drawOverflow(shared.embedding(), a.hammingWeight, () => table[ofRun() % table.length]);
      const raised = vectors.plusMultiple(a.vector, multiples, Number(primes[0]) / a.scale);
      return checked(raised, level, a.scale, a.size, Infinity, a.hammingWeight);
    },
    switchKey: (a: SimulatedCipher, to: SecretName) => {
      const deviation = secretSwitchNoise(parameters, to, sparseWeight);
      return noisy(a, 0, a.level, a.scale, a.size, deviation, to === 'sparse' ? sparseWeight : dense);
    },
    releaseCipher: (a: SimulatedCipher): void => vectors.release(a.vector),
    releasePlain: (p: SimulatedPlain): void => vectors.release(p.vector),
  };
}
