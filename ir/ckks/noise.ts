import type { Parameters } from './parameters.ts';
import { defaultSparseWeight, type SecretName } from './secret.ts';

/**
 * Noise of CKKS operations for a dense ternary secret and errors of standard deviation 3.2. Every function gives the standard
 * deviation of the error in one slot (its real part) before division by the scale: an error polynomial with independent
 * coefficients of variance V has variance V * N / 2 in the real part of each slot, since a slot is the polynomial at a root of unity.
 *
 * Sources: Cheon, Kim, Kim, Song, ASIACRYPT 2017, section 3.4 (encryption, rounding, product); Kim, Papadimitriou, Polyakov,
 * CT-RSA 2022 (eprint 2020/1118), section 3 (rescaling and hybrid key switching in RNS); Costache, Curtis, Hales, Murphy, Ogilvie,
 * Player, eprint 2022/162 (average case in place of the worst case).
 */

/** Standard deviation of the coefficients of encryption and key errors. */
const errorDeviation = 3.2;

/** Variance of a coefficient of a dense ternary secret. */
const secretVariance = 2 / 3;

/** Variance of rounding to the nearest integer. */
const roundingVariance = 1 / 12;

const product = (primes: readonly bigint[]): number => primes.reduce((value, q) => value * Number(q), 1);

const inSlot = (ringDegree: number, coefficientVariance: number): number =>
  Math.sqrt((coefficientVariance * ringDegree) / 2);

/** A fresh encryption: `symmetric` under the secret key, otherwise under the public key at the level of the ciphertext. */
export function freshNoise(ringDegree: number, symmetric = true): number {
  const error = errorDeviation ** 2;
  return inSlot(ringDegree, symmetric ? error : error * (1 + 2 * ringDegree * secretVariance));
}

/**
 * The rounding of a rescale of a ciphertext of `size` polynomials, at the scale after it. The third polynomial meets the square of
 * the secret, which makes it hundreds of times larger: relinearize before rescale.
 */
export function rescaleNoise(ringDegree: number, size = 2): number {
  const secrets = [1, ringDegree * secretVariance, (ringDegree * secretVariance) ** 2];
  return inSlot(ringDegree, roundingVariance * secrets.slice(0, size).reduce((sum, v) => sum + v, 0));
}

/**
 * One key switch (relinearization, rotation or conjugation) at `level`: the primes of the level in digits of as many primes as there are
 * special primes (one in SEAL), not centred. A digit of k primes comes from its residues as a sum of k uniform multiples of the digit, whose
 * mean square is k / 12 + k^2 / 4; then the division by the special primes with its rounding.
 */
export function keySwitchNoise(parameters: Parameters, level: number): number {
  const { ringDegree, primes, specialPrimes } = parameters;
  const special = product(specialPrimes);
  const used = primes.slice(0, level + 1);
  const size = Math.max(1, specialPrimes.length);
  let digits = 0;
  for (let from = 0; from < used.length; from += size) {
    const digit = used.slice(from, from + size);
    digits += (product(digit) / special) ** 2 * (digit.length / 12 + digit.length ** 2 / 4);
  }
  const switched = inSlot(ringDegree, digits * ringDegree * errorDeviation ** 2);
  return Math.hypot(switched, rescaleNoise(ringDegree));
}

/**
 * The switch to a sparse secret of Hamming weight `sparseWeight` at level 0, with the base prime as its one digit and one special prime, or
 * back to the dense secret at the top level.
 */
export function secretSwitchNoise(parameters: Parameters, to: SecretName, sparseWeight = defaultSparseWeight): number {
  const { ringDegree, primes, specialPrimes } = parameters;
  if (to === 'dense') return keySwitchNoise(parameters, primes.length - 1);
  const digit = (Number(primes[0]) / Number(specialPrimes[0])) ** 2 / 3;
  return inSlot(ringDegree, digit * ringDegree * errorDeviation ** 2 + roundingVariance * (1 + sparseWeight));
}

/**
 * The noise of an encoded vector in units of the message. None at the scale 1, where what is encoded has whole coefficients as it is: a monomial
 * (`slots.mul_monomial`).
 */
export function plaintextNoise(ringDegree: number, scale: number, single = false): number {
  return scale === 1 ? 0 : encodeNoise(ringDegree, single) / scale;
}

/** The rounding of an encoded vector; a single number for every slot rounds one coefficient only. */
export function encodeNoise(ringDegree: number, single = false): number {
  return single ? Math.sqrt(roundingVariance) : inSlot(ringDegree, roundingVariance);
}
