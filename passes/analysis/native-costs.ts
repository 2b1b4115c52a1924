import type { CostModel } from './cost-model.ts';
import type { CostedOp } from './cost-table.ts';

/** What the parts of the native engine's operations cost on one machine, in seconds. All but `call` are for one residue polynomial at N = 2^15. */
export interface NativeSpeed {
  /** One number-theoretic transform; in proportion to N log N at other ring degrees. The other parts are linear in N. */
  readonly transform: number;
  /** Multiplying a residue polynomial with one of a switching key and adding; memory's speed decides it. */
  readonly keyProduct: number;
  /** One pass: an addition, a product, a reduction. */
  readonly pass: number;
  /** Bringing a vector of N / 2 numbers into integer coefficients, all residues together. */
  readonly embedding: number;
  /** One call of the engine, whatever its size: it hands the work to the threads. */
  readonly call: number;
}

export const nativeParts = ['transform', 'keyProduct', 'pass', 'embedding', 'call'] as const;

/**
 * On two threads of a 2-core AMD EPYC with AVX-512 IFMA, Node 20, primes of at most 50 bits: what the compiler counts with where no run of `fhec calibrate`
 * on the user's machine is given. Ratios fitted to the calls of whole programs, LeNet and ResNet-20, which run on memory that no cache holds; their size then
 * to the seconds of an image: 7.0 s where 7.65 s are forecast, and 0.12 s where 0.15 s are.
 */
export const defaultNativeSpeed: NativeSpeed = {
  transform: 18.27e-6,
  keyProduct: 6.075e-6,
  pass: 6.3e-6,
  embedding: 105.3e-6,
  call: 9.72e-6,
};

/** That {@link defaultNativeSpeed} is of. */
export const defaultNativeThreads = 2;

const reference = 32768;

/**
 * What operations are made of that share some of their work: splitting a ciphertext into the digits of a key switch, once for all its automorphisms;
 * multiplying them with a key; dividing by the special primes, once for a sum; one product of a sum of products; bringing a ciphertext to the form before the division.
 */
export type NativePiece = 'split' | 'switch' | 'divide' | 'weigh' | 'extend';

/**
 * How much of each part one op or piece takes on an operand of `primes` primes, with so many special primes. A key switch at l primes in d digits of k
 * primes, k the special primes: l transforms back and d (l + k) forward to split; 2 d (l + k) products with the key; 2 k transforms back and 2 l forward
 * to divide by the special primes; conversions between bases, d k l to lift digits and 2 k l to divide (Han and Ki, CT-RSA 2020, section 3).
 */
export function nativeWork(
  op: CostedOp | NativePiece,
  specialPrimes: number,
  ringDegree: number,
  primes: number,
): NativeSpeed {
  const linear = ringDegree / reference;
  const transform = (linear * Math.log2(ringDegree)) / Math.log2(reference);
  const work = (transforms: number, passes: number, keyProducts = 0, embeddings = 0): NativeSpeed => ({
    transform: transforms * transform,
    keyProduct: keyProducts * linear,
    pass: passes * linear,
    embedding: embeddings * linear,
    call: 1,
  });
  const digits = Math.ceil(primes / specialPrimes);
  const all = primes + specialPrimes;
  switch (op) {
    case 'add':
    case 'sub':
    case 'negate':
    case 'mul_i':
      return work(0, 2 * primes);
    case 'add_plain':
    case 'mul_plain':
      return work(0, 3 * primes);
    case 'mod_switch':
      return work(0, primes);
    case 'mul':
      return work(0, 4 * primes);
    case 'encode':
      return work(primes, 0, 0, 1);
    case 'rescale':
      return work(2 * primes, 2 * primes);
    case 'mod_raise':
      return work(2 * (primes + 1), 0);
    case 'weigh':
      return { ...work(0, 2.5 * primes), call: 0 };
    case 'extend':
      return work(0, 2 * primes);
    case 'split':
      return work(primes + digits * all, specialPrimes > 1 ? primes * primes : 0);
    case 'switch':
      return { ...work(0, 2 * all, 2 * digits * all), call: 0 };
    case 'divide':
      return { ...work(2 * all, 2 * all + 2 * primes * specialPrimes), call: 0 };
    case 'relinearize':
    case 'rotate':
    case 'conjugate':
    case 'switch_key': {
      const pieces = (['split', 'switch', 'divide'] as const).map((piece) =>
        nativeWork(piece, specialPrimes, ringDegree, primes),
      );
      return pieces.reduce(addWork);
    }
  }
}

const addWork = (a: NativeSpeed, b: NativeSpeed): NativeSpeed => ({
  transform: a.transform + b.transform,
  keyProduct: a.keyProduct + b.keyProduct,
  pass: a.pass + b.pass,
  embedding: a.embedding + b.embedding,
  call: a.call + b.call,
});

/** The seconds of an amount of work at a speed. */
export const secondsOfWork = (work: NativeSpeed, speed: NativeSpeed): number =>
  nativeParts.reduce((sum, part) => sum + work[part] * speed[part], 0);

/** Predicts from {@link nativeWork} and the speed of a machine. */
export function nativeCostModel(specialPrimes: number, speed: NativeSpeed = defaultNativeSpeed): CostModel {
  return {
    seconds: (op, ringDegree, primes) => secondsOfWork(nativeWork(op, specialPrimes, ringDegree, primes), speed),
  };
}
