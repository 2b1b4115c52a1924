/** Consecutive data primes that key switching handles together: primes first .. first + count - 1. */
export interface Digit {
  readonly first: number;
  readonly count: number;
}

/**
 * The digits of hybrid key switching (Han and Ki, Better bootstrapping for approximate homomorphic encryption, CT-RSA 2020, section 3), as the native engine
 * cuts them (runtime/native/engine/digits.hpp): from the base prime up, as many consecutive primes as keep the product of a digit at or below that
 * of the special primes; at least one prime each.
 */
export function digitsOf(primes: readonly bigint[], specialPrimes: readonly bigint[]): Digit[] {
  const bound = specialPrimes.reduce((product, p) => product * p, 1n);
  const digits: { first: number; count: number }[] = [];
  let product = 0n;
  primes.forEach((q, i) => {
    if (digits.length > 0 && product * q <= bound) {
      digits[digits.length - 1].count++;
      product *= q;
    } else {
      digits.push({ first: i, count: 1 });
      product = q;
    }
  });
  return digits;
}
