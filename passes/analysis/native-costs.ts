import type { CostModel } from './cost-model.ts';

/** What the native engine's operations cost on one machine: its arithmetic by residue polynomials, all linear in N but for the transforms. */
export interface NativeSpeed {
  /** Seconds of one number-theoretic transform of one residue polynomial at N = 2^15; in proportion to N log N at other ring degrees. */
  readonly transform: number;
  /** Seconds to multiply and add a residue polynomial of a switch key, at N = 2^15; memory's speed decides it. */
  readonly keyProduct: number;
  /** Seconds of one pass over a residue polynomial (an addition or a product), at N = 2^15. */
  readonly pass: number;
  /** Seconds to bring a vector of N / 2 numbers into integer coefficients, at N = 2^15. */
  readonly embedding: number;
}

/** One core with AVX-512 IFMA; estimates from measured transforms. */
export const estimatedNativeSpeed: NativeSpeed = {
  transform: 50e-6,
  keyProduct: 20e-6,
  pass: 8e-6,
  embedding: 400e-6,
};

const reference = 32768;

/**
 * Counts transforms and passes of every op for parameters with so many special primes. A key switch at l primes in d digits of k primes, k the special
 * primes: l transforms back, d (l + k) forward, 2 k back and 2 l forward to divide by the special primes; 2 d (l + k) products with the key
 * (Han and Ki, CT-RSA 2020, section 3).
 */
export function nativeCostModel(specialPrimes: number, speed: NativeSpeed = estimatedNativeSpeed): CostModel {
  return {
    seconds: (op, ringDegree, primes) => {
      const linear = ringDegree / reference;
      const transform = (speed.transform * linear * Math.log2(ringDegree)) / Math.log2(reference);
      const pass = speed.pass * linear;
      switch (op) {
        case 'add':
        case 'sub':
        case 'negate':
        case 'mul_i':
        case 'mul_plain':
          return 2 * primes * pass;
        case 'add_plain':
        case 'mod_switch':
          return primes * pass;
        case 'mul':
          return 4 * primes * pass;
        case 'encode':
          return primes * transform + speed.embedding * linear;
        case 'rescale':
          return 2 * primes * (transform + pass);
        case 'mod_raise':
          return 2 * (primes + 1) * transform;
        case 'relinearize':
        case 'rotate':
        case 'conjugate':
        case 'switch_key': {
          const digits = Math.ceil(primes / specialPrimes);
          const all = primes + specialPrimes;
          const transforms = primes + digits * all + 2 * all;
          return transforms * transform + 2 * digits * all * speed.keyProduct * linear + 4 * all * pass;
        }
      }
    },
  };
}
