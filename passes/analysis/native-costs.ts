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
 * on the user's machine is given. Fitted as it fits, to half the processor time of operations at N = 2^13 to 2^15 with 3 to 17 primes and one or three special
 * ones; the median prediction is off by a factor of 1.18, the worst by 2.2.
 */
export const defaultNativeSpeed: NativeSpeed = {
  transform: 14.9e-6,
  keyProduct: 4.9e-6,
  pass: 2.2e-6,
  embedding: 118e-6,
  call: 0,
};

const reference = 32768;

/**
 * How much of each part one op takes on an operand of `primes` primes, with so many special primes. A key switch at l primes in d digits of k primes, k
 * the special primes: l transforms back, d (l + k) forward, 2 k back and 2 l forward to divide by the special primes; 2 d (l + k) products with the key;
 * conversions between bases, d k l to lift digits and 2 k l to divide (Han and Ki, CT-RSA 2020, section 3).
 */
export function nativeWork(op: CostedOp, specialPrimes: number, ringDegree: number, primes: number): NativeSpeed {
  const linear = ringDegree / reference;
  const transform = (linear * Math.log2(ringDegree)) / Math.log2(reference);
  const work = (transforms: number, passes: number, keyProducts = 0, embeddings = 0): NativeSpeed => ({
    transform: transforms * transform,
    keyProduct: keyProducts * linear,
    pass: passes * linear,
    embedding: embeddings * linear,
    call: 1,
  });
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
    case 'relinearize':
    case 'rotate':
    case 'conjugate':
    case 'switch_key': {
      const digits = Math.ceil(primes / specialPrimes);
      const all = primes + specialPrimes;
      const conversions = specialPrimes > 1 ? primes * primes : 0;
      return work(
        primes + digits * all + 2 * all,
        4 * all + conversions + 2 * primes * specialPrimes,
        2 * digits * all,
      );
    }
  }
}

/** Predicts from {@link nativeWork} and the speed of a machine. */
export function nativeCostModel(specialPrimes: number, speed: NativeSpeed = defaultNativeSpeed): CostModel {
  return {
    seconds: (op, ringDegree, primes) => {
      const work = nativeWork(op, specialPrimes, ringDegree, primes);
      return nativeParts.reduce((sum, part) => sum + work[part] * speed[part], 0);
    },
  };
}
