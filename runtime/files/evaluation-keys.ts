import type { GaloisKeys } from 'node-seal/implementation/galois-keys.js';
import { z } from 'zod';
import { fail } from '../../ir/diagnostics.ts';
import { readContainer, type ByteSource, type Container } from '../../ir/program/container.ts';
import { parseWith } from '../../ir/program/schema.ts';
import { guard, type Seal } from '../seal/library.ts';
import type { SealKeys } from '../seal/backend.ts';
import { keyForm } from './key-form.ts';
import { checkKeyBytes, galoisIndex } from './seal-bytes.ts';

export const relinearizationSection = 'relinearization';
export const galoisSection = (steps: number): string => `galois/${steps}`;

/** An evaluation key file whose header is checked; keys are read one by one. */
export interface EvaluationKeyFile {
  readonly container: Container;
  /** Names the key pair: ciphertexts carry it. */
  readonly keyFingerprint: string;
}

const bodySchema = z.strictObject({ specification: z.string().length(64), key: z.string().length(64) });

/** Opens evaluation keys for a model. Errors: FHE0705 for a secret key, FHE0701, FHE0702, FHE0704 (made for another model). */
export function openEvaluationKeys(source: ByteSource, specificationFingerprint: string): EvaluationKeyFile {
  const container = readContainer(source, 'evaluation-keys', 'secret-key');
  if (container.kind === 'secret-key') fail('FHE0705', `${source.name} is a secret key`);
  const body = parseWith(bodySchema, container.body, 'evaluation keys');
  if (body.specification !== specificationFingerprint) fail('FHE0704', `${source.name} was made for another model`);
  return { container, keyFingerprint: body.key };
}

/** Keys that stay in memory until the caller deletes them. */
export interface LoadedKeys extends SealKeys {
  readonly galois: ReadonlyMap<number, GaloisKeys>;
}

/** Loads the keys for these rotation steps, and the relinearization key when asked. Errors: FHE0706 for a key that is not there. */
export function loadSealKeys(
  seal: Seal,
  file: EvaluationKeyFile,
  needed: { readonly relinearization: boolean; readonly rotations: Iterable<number> },
): LoadedKeys {
  const { library, context, parameters } = seal;
  const form = keyForm(seal);
  const bytesOf = (name: string, index: number, tableLength: number): Uint8Array => {
    if (!file.container.sectionNames.includes(name)) fail('FHE0706', `the key file holds no ${name}`);
    return checkKeyBytes(file.container.section(name), form, index, tableLength, name);
  };
  return guard(library, 'load evaluation keys', () => {
    const galois = new Map(
      [...new Set(needed.rotations)].map((steps) => {
        const key = library.GaloisKeys();
        key.loadArray(
          context,
          bytesOf(galoisSection(steps), galoisIndex(steps, parameters.ringDegree), parameters.ringDegree),
        );
        return [steps, key] as const;
      }),
    );
    if (!needed.relinearization) return { galois, relinearization: undefined };
    const relinearization = library.RelinKeys();
    relinearization.loadArray(context, bytesOf(relinearizationSection, 0, 1));
    return { galois, relinearization };
  });
}
