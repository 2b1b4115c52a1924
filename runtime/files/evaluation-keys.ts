import type { GaloisKeys } from 'node-seal/implementation/galois-keys.js';
import type { RelinKeys } from 'node-seal/implementation/relin-keys.js';
import { z } from 'zod';
import { topLevel, type Parameters } from '../../ir/ckks/parameters.ts';
import type { SecretName } from '../../ir/ckks/secret.ts';
import { fail } from '../../ir/diagnostics.ts';
import { readContainer, type ByteSource, type Container } from '../../ir/program/container.ts';
import type { KeyManifest } from '../../ir/program/program.ts';
import { parseWith } from '../../ir/program/schema.ts';
import { guard, type Seal } from '../seal/library.ts';
import { keyForm } from './key-form.ts';
import { checkKeyBytes, galoisIndex } from './seal-bytes.ts';

export const relinearizationSection = 'relinearization';
const galoisPrefix = 'galois/';
export const galoisSection = (steps: number): string => `${galoisPrefix}${steps}`;
const stepsOf = (section: string): number => Number(section.slice(galoisPrefix.length));
export const conjugationSection = `${galoisPrefix}conjugation`;
/** The key that switches to this secret. */
export const secretSwitchSection = (to: SecretName): string => `secret/${to}`;

/** One key of a file: its section, and the highest level of the ciphertexts that it must serve. */
export interface NeededKey {
  readonly section: string;
  readonly level: number;
}

/** The keys that a file must hold. */
export function neededKeys(keys: KeyManifest, parameters: Parameters): NeededKey[] {
  const { relinearization, rotations, conjugation, sparseWeight, levels } = keys;
  const top = topLevel(parameters);
  return [
    ...rotations.map((steps, i) => ({ section: galoisSection(steps), level: levels?.rotations[i] ?? top })),
    ...(relinearization ? [{ section: relinearizationSection, level: levels?.relinearization ?? top }] : []),
    ...(conjugation ? [{ section: conjugationSection, level: levels?.conjugation ?? top }] : []),
    ...(sparseWeight === undefined
      ? []
      : [
          { section: secretSwitchSection('sparse'), level: 0 },
          { section: secretSwitchSection('dense'), level: levels?.toDense ?? top },
        ]),
  ];
}

/** The Galois element of a section's key, 1 for a key without an automorphism. */
export function elementOf(section: string, ringDegree: number): number {
  const { index, length } = placeOf(section, ringDegree);
  // A table of one place holds no Galois key; in the other the place names the element.
  return length === 1 ? 1 : 2 * index + 1;
}

/** An evaluation key file whose header is checked; keys are read one by one. */
export interface EvaluationKeyFile {
  readonly container: Omit<Container, 'scan' | 'part'>;
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

/** Where SEAL's table of keys holds the one of a section: at `index` of `length` places. */
export function placeOf(section: string, ringDegree: number): { readonly index: number; readonly length: number } {
  if (section === conjugationSection) return { index: ringDegree - 1, length: ringDegree };
  if (section.startsWith(galoisPrefix)) return { index: galoisIndex(stepsOf(section), ringDegree), length: ringDegree };
  return { index: 0, length: 1 };
}

/** A rotation or the conjugation by its section. Errors: FHE0706, FHE0702. */
export function loadGaloisKey(seal: Seal, file: EvaluationKeyFile, section: string): GaloisKeys {
  const { library, context, parameters } = seal;
  const { index, length } = placeOf(section, parameters.ringDegree);
  const bytes = checkKeyBytes(keyBytesOf(file, section), keyForm(seal), index, length, section);
  return guard(library, 'load evaluation keys', () => {
    const key = library.GaloisKeys();
    key.loadArray(context, bytes);
    return key;
  });
}

export const loadRelinearizationKey = (seal: Seal, file: EvaluationKeyFile): RelinKeys =>
  loadSwitchingKey(seal, seal, file, relinearizationSection);

/** `base`: where the key to the sparse secret lives. Errors: FHE0706, FHE0702. */
export const loadSecretSwitchKey = (seal: Seal, base: Seal, file: EvaluationKeyFile, to: SecretName): RelinKeys =>
  loadSwitchingKey(seal, to === 'sparse' ? base : seal, file, secretSwitchSection(to));

function loadSwitchingKey({ library }: Seal, modulus: Seal, file: EvaluationKeyFile, section: string): RelinKeys {
  const bytes = checkKeyBytes(keyBytesOf(file, section), keyForm(modulus), 0, 1, section);
  return guard(library, 'load evaluation keys', () => {
    const key = library.RelinKeys();
    key.loadArray(modulus.context, bytes);
    return key;
  });
}

/** Errors: FHE0706. */
export function keyBytesOf({ container }: EvaluationKeyFile, section: string): Uint8Array {
  if (!container.sectionNames.includes(section)) fail('FHE0706', `the key file holds no ${section}`);
  return container.section(section);
}
