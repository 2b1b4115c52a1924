import type { Parameters } from '../../ir/ckks/parameters.ts';
import { fail } from '../../ir/diagnostics.ts';
import { keyBytesOf, placeOf, secretSwitchSection, type EvaluationKeyFile } from '../files/evaluation-keys.ts';
import { readKeyPairs } from '../files/seal-bytes.ts';
import { guardNative, type Handle, type NativeEngine } from './library.ts';

/** Loads a key that SEAL made. The caller releases it. Errors: FHE0706 when the file lacks it, FHE0702 for a damaged one. */
export function loadSealKey(
  engine: NativeEngine,
  { ringDegree, primes, specialPrimes }: Parameters,
  file: EvaluationKeyFile,
  section: string,
): Handle {
  // The key to the sparse secret lives modulo the base prime and the special prime only.
  const level = section === secretSwitchSection('sparse') ? 0 : primes.length - 1;
  const form = {
    levelId: engine.modulusId(level, specialPrimes.length),
    ringDegree,
    primes: [...primes.slice(0, level + 1), ...specialPrimes],
    scale: 1,
  };
  const { index, length } = placeOf(section, ringDegree);
  const pairs = readKeyPairs(keyBytesOf(file, section), form, index, length, section);
  if (pairs.some(({ seed }) => seed && seed.generator !== 'blake2xb')) {
    fail('FHE0702', `${section}: its seeds are for a generator that SEAL does not use here`);
  }
  const words = pairs.map((pair) => pair.words);
  const seeds = pairs.map(({ seed }) => seed?.bytes ?? new Uint8Array(0));
  // A table of one place holds no Galois key; in the other the place names the element.
  const element = length === 1 ? 1 : 2 * index + 1;
  return guardNative(`load ${section}`, () => engine.importSealKey(words, seeds, element));
}
