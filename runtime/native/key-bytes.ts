import { digitsOf } from '../../ir/ckks/digits.ts';
import { fitsSeal, topLevel, type Parameters } from '../../ir/ckks/parameters.ts';
import { elementOf, secretSwitchSection, type NeededKey } from '../files/evaluation-keys.ts';
import type { KeyDescription } from './library.ts';

/** What the key of a section must be. SEAL's keys serve every level; the key to the sparse secret lives modulo the base prime and one special prime. */
export function describeNeeded(parameters: Parameters, { section, level }: NeededKey): KeyDescription {
  const element = elementOf(section, parameters.ringDegree);
  if (section === secretSwitchSection('sparse')) return { level: 0, specialPrimes: 1, element };
  return {
    level: fitsSeal(parameters) ? topLevel(parameters) : level,
    specialPrimes: parameters.specialPrimes.length,
    element,
  };
}

/** The primes that a key lives modulo, and its number of digits. */
function shapeOf(
  { primes, specialPrimes }: Parameters,
  { level, specialPrimes: count }: KeyDescription,
): { readonly widths: readonly number[]; readonly digits: number } {
  const data = primes.slice(0, level + 1);
  const special = specialPrimes.slice(0, count);
  const widths = [...data, ...special].map((q) => q.toString(2).length);
  return { widths, digits: digitsOf(data, special).length };
}

const headerBytes = 88;
const line = 64;
/** Wider words are not packed in memory. */
const packedBits = 57;

const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0);

/** Bytes of a seeded key in a file (runtime/native/engine/seeded_key.hpp). */
export function storedKeyBytes(parameters: Parameters, key: KeyDescription): number {
  const { widths, digits } = shapeOf(parameters, key);
  return headerBytes + (digits * sum(widths) * parameters.ringDegree) / 8;
}

/** Bytes that so many words of so many bits take in the engine: whole lines. */
export const packedBytes = (words: number, bits: number): number =>
  line * Math.ceil(((words / 8) * (bits <= packedBits ? bits : 64)) / line);

/** Bytes that a key takes in the engine (SwitchKey in runtime/native/engine/key_switch.hpp); one of SEAL's has a digit for each data prime. */
export function loadedKeyBytes(parameters: Parameters, key: KeyDescription): number {
  const { widths, digits } = shapeOf(parameters, key);
  const halves = 2 * (fitsSeal(parameters) ? key.level + 1 : digits);
  return line + sum(widths.map((width) => packedBytes(parameters.ringDegree * halves, width)));
}
