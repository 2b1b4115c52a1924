import { digitsOf } from './digits.ts';
import { line, packedBytes } from './packed-bytes.ts';
import { fitsSeal, topLevel, type Parameters } from './parameters.ts';
import type { SecretName } from './secret.ts';

/** What a key of the native engine serves: ciphertexts of at most this level, with so many special primes. */
export interface KeyShape {
  readonly level: number;
  readonly specialPrimes: number;
}

/**
 * The shape of a key that is used up to a level; `to`: the secret that it switches to, for a key that does. SEAL's keys serve every level; the key to the
 * sparse secret lives modulo the base prime and one special prime.
 */
export function keyShape(parameters: Parameters, level: number, to?: SecretName): KeyShape {
  if (to === 'sparse') return { level: 0, specialPrimes: 1 };
  return {
    level: fitsSeal(parameters) ? topLevel(parameters) : level,
    specialPrimes: parameters.specialPrimes.length,
  };
}

/** The primes that a key lives modulo, and its number of digits. */
function partsOf(
  { primes, specialPrimes }: Parameters,
  { level, specialPrimes: count }: KeyShape,
): { readonly widths: readonly number[]; readonly digits: number } {
  const data = primes.slice(0, level + 1);
  const special = specialPrimes.slice(0, count);
  const widths = [...data, ...special].map((q) => q.toString(2).length);
  return { widths, digits: digitsOf(data, special).length };
}

const headerBytes = 88;

const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0);

/** Bytes of a seeded key in a file (runtime/native/engine/seeded_key.hpp). */
export function storedKeyBytes(parameters: Parameters, key: KeyShape): number {
  const { widths, digits } = partsOf(parameters, key);
  return headerBytes + (digits * sum(widths) * parameters.ringDegree) / 8;
}

/** Bytes that a key takes in the engine (SwitchKey in runtime/native/engine/key_switch.hpp); one of SEAL's has a digit for each data prime. */
export function loadedKeyBytes(parameters: Parameters, key: KeyShape): number {
  const { widths, digits } = partsOf(parameters, key);
  const halves = 2 * (fitsSeal(parameters) ? key.level + 1 : digits);
  return line + sum(widths.map((width) => packedBytes(parameters.ringDegree * halves, width)));
}

/** Bytes of one key in SEAL's memory: two polynomials modulo all primes for each digit, and a digit for each data prime. */
export const sealKeyBytes = ({ ringDegree, primes, specialPrimes }: Parameters): number =>
  primes.length * 2 * (primes.length + specialPrimes.length) * ringDegree * 8;
