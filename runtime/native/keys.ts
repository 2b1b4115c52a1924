import { fitsSeal, type Parameters } from '../../ir/ckks/parameters.ts';
import { fail, InternalError } from '../../ir/diagnostics.ts';
import type { Program } from '../../ir/program/program.ts';
import {
  elementOf,
  keyBytesOf,
  neededKeys,
  placeOf,
  secretSwitchSection,
  type EvaluationKeyFile,
} from '../files/evaluation-keys.ts';
import { readKeyPairs } from '../files/seal-bytes.ts';
import { describeNeeded } from './describe-key.ts';
import { guardNative, type Handle, type NativeEngine } from './library.ts';

/** What keys belong to. */
type Owner = Pick<Program, 'parameters' | 'keys'>;

/**
 * Loads a key of a program, whoever made it: SEAL where there is one special prime, else the engine. The caller releases it. Errors: FHE0706 when the file
 * lacks it, FHE0702 for a damaged one and for one that is not this key.
 */
export function loadKey(engine: NativeEngine, program: Owner, file: EvaluationKeyFile, section: string): Handle {
  return fitsSeal(program.parameters)
    ? loadSealKey(engine, program.parameters, file, section)
    : loadSeededKey(engine, program, file, section);
}

function loadSeededKey(engine: NativeEngine, program: Owner, file: EvaluationKeyFile, section: string): Handle {
  const { parameters, keys } = program;
  const needed = neededKeys(keys, parameters).find((key) => key.section === section);
  if (!needed) throw new InternalError(`the program needs no ${section}`);
  const expected = describeNeeded(parameters, needed);
  const bytes = keyBytesOf(file, section);
  return guardNative(`load ${section}`, () => {
    const key = engine.importSeededKey(bytes);
    const { level, specialPrimes, element } = engine.describeKey(key);
    if (level === expected.level && specialPrimes === expected.specialPrimes && element === expected.element)
      return key;
    engine.release(key);
    return fail('FHE0702', `${section}: it is another key, for level ${level} and Galois element ${element}`);
  });
}

/** Loads a key that SEAL made. The caller releases it. Errors as {@link loadKey}. */
export function loadSealKey(
  engine: NativeEngine,
  { ringDegree, primes, specialPrimes }: Parameters,
  file: EvaluationKeyFile,
  section: string,
): Handle {
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
  return guardNative(`load ${section}`, () => engine.importSealKey(words, seeds, elementOf(section, ringDegree)));
}
