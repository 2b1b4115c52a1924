import { availableParallelism } from 'node:os';
import { storedKeyBytes } from '../../ir/ckks/key-bytes.ts';
import { fitsSeal } from '../../ir/ckks/parameters.ts';
import { fail, InternalError } from '../../ir/diagnostics.ts';
import type { Program } from '../../ir/program/program.ts';
import type { Specification } from '../../ir/program/schema.ts';
import { elementOf, neededKeys, relinearizationSection, secretSwitchSection } from '../files/evaluation-keys.ts';
import type { PlannedSection } from '../files/stream-container.ts';
import { describeNeeded } from '../native/describe-key.ts';
import { findNative, guardNative, openNative, type NativeEngine, type NativeKeyMaker } from '../native/library.ts';
import { plainWords } from '../seal/raw.ts';

/** The engine that makes the keys of a program with several special primes; undefined where SEAL makes them. Errors: FHE0804. */
export function openKeyEngine({ parameters }: Specification): NativeEngine | undefined {
  if (fitsSeal(parameters)) return undefined;
  const found = findNative();
  if ('missing' in found)
    fail('FHE0804', `only the native engine can make the keys of this program, and it is not there: ${found.missing}`);
  return openNative(parameters, { threads: availableParallelism() });
}

/** A key maker with the secret key that SEAL made, which `secretBytes` holds as SEAL saves it. The caller releases it. */
export function openKeyMaker(engine: NativeEngine, secretBytes: Uint8Array, ringDegree: number): NativeKeyMaker {
  const words = plainWords(secretBytes, ringDegree);
  try {
    return guardNative('take the secret key', () => engine.keyMaker(words));
  } finally {
    words.fill(0n);
  }
}

/**
 * The evaluation keys of a program with several special primes, made one by one as they are written: over the whole chain each can have a hundred megabytes.
 * Each serves the levels that the program uses it at.
 */
export function planNativeKeys(
  maker: NativeKeyMaker,
  { parameters, keys }: Pick<Program, 'parameters' | 'keys'>,
): PlannedSection[] {
  const { ringDegree } = parameters;
  const [toSparse, toDense] = [secretSwitchSection('sparse'), secretSwitchSection('dense')];
  const needed = neededKeys(keys, parameters);
  // Both keys of the pair are of one sparse secret, which exists only while they are made.
  let back: Uint8Array | undefined;
  const make = (section: string, level: number): Uint8Array => {
    if (section === relinearizationSection) return maker.relinearization(level);
    if (section === toDense) return back ?? lost();
    if (section !== toSparse) return maker.galois(elementOf(section, ringDegree), level);
    const pair = maker.sparsePair(keys.sparseWeight ?? 0, needed.find((k) => k.section === toDense)?.level ?? 0);
    back = pair.toDense;
    return pair.toSparse;
  };
  return needed.map((key) => ({
    name: key.section,
    length: storedKeyBytes(parameters, describeNeeded(parameters, key)),
    make: () => guardNative(`make ${key.section}`, () => make(key.section, key.level)),
  }));
}

function lost(): never {
  throw new InternalError('the key to the dense secret is made with the one to the sparse secret');
}
