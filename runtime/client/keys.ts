import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '../../ir/diagnostics.ts';
import { readContainer, sha256Hex, writeContainer, type Section } from '../../ir/program/container.ts';
import { parseWith, specificationFingerprint, type Specification } from '../../ir/program/schema.ts';
import { withFile, refuseToOverwrite, requirePrivate, writeFileParts } from '../files/files.ts';
import { conjugationSection, galoisSection, relinearizationSection } from '../files/evaluation-keys.ts';
import { keyForm } from '../files/key-form.ts';
import { checkSecretKeyBytes } from '../files/seal-bytes.ts';
import { makeSecretSwitchKeys } from './sparse-secret.ts';
import { closeSeal, guard, openSeal, type Seal, uncompressed } from '../seal/library.ts';

export const secretKeyFile = 'secret.key';
export const evaluationKeyFile = 'eval.keys';

/** A secret key in memory: SEAL's bytes, the specification it belongs to and the fingerprint of its evaluation keys. */
export interface SecretKey {
  readonly bytes: Uint8Array;
  readonly keyFingerprint: string;
}

export interface KeyReport {
  readonly secretKeyPath: string;
  readonly evaluationKeyPath: string;
  readonly evaluationKeyBytes: number;
  readonly galoisKeys: number;
  readonly keyFingerprint: string;
}

/**
 * Makes a key pair for a compiled model in `folder`: `secret.key` (mode 0600) stays with the client, `eval.keys` go to the server.
 * The uniform half of every evaluation key is stored as SEAL's seed, half the bytes. Never overwrites a secret key (FHE0904).
 */
export async function generateKeys(specification: Specification, folder: string): Promise<KeyReport> {
  const secretKeyPath = join(folder, secretKeyFile);
  const evaluationKeyPath = join(folder, evaluationKeyFile);
  refuseToOverwrite(secretKeyPath);
  const seal = await openSeal(specification.parameters);
  const { library, context } = seal;
  const fingerprint = specificationFingerprint(specification);
  return guard(library, 'key generation', () => {
    const generator = library.KeyGenerator(context);
    const secret = generator.secretKey();
    const { rotations, relinearization, conjugation, sparseWeight } = specification.keys;
    const galoisKey = (name: string, steps: number): Section => {
      const key = generator.createGaloisKeysSerializable(Int32Array.of(steps));
      const bytes = key.saveArray(uncompressed(library));
      key.delete();
      return { name, bytes };
    };
    const sections = rotations.map((steps) => galoisKey(galoisSection(steps), steps));
    // SEAL's name for the conjugation is a rotation by 0 steps.
    if (conjugation) sections.push(galoisKey(conjugationSection, 0));
    if (relinearization) {
      const key = generator.createRelinKeysSerializable();
      sections.push({ name: relinearizationSection, bytes: key.saveArray(uncompressed(library)) });
      key.delete();
    }
    const secretBytes = secret.saveArray(uncompressed(library));
    if (sparseWeight !== undefined) sections.push(...makeSecretSwitchKeys(seal, generator, secretBytes, sparseWeight));
    closeSeal(seal, [generator, secret]);
    const hashes = sections.map((s) => sha256Hex(s.bytes)).join('');
    const keyFingerprint = sha256Hex(new TextEncoder().encode(fingerprint + hashes));
    const body = { specification: fingerprint, key: keyFingerprint };
    const parts = writeContainer('evaluation-keys', body, sections);
    writeFileParts(secretKeyPath, writeContainer('secret-key', body, [{ name: 'secret', bytes: secretBytes }]), {
      secret: true,
    });
    secretBytes.fill(0);
    writeFileParts(evaluationKeyPath, parts);
    const evaluationKeyBytes = parts.reduce((n, p) => n + p.length, 0);
    return {
      secretKeyPath,
      evaluationKeyPath,
      evaluationKeyBytes,
      galoisKeys: rotations.length + (conjugation ? 1 : 0),
      keyFingerprint,
    };
  });
}

const bodySchema = z.strictObject({ specification: z.string().length(64), key: z.string().length(64) });

/** Reads a secret key that belongs to the specification. Errors: FHE0902 (readable by others), FHE0701, FHE0702, FHE0704. */
export function readSecretKey(path: string, specification: Specification): SecretKey {
  requirePrivate(path);
  return withFile(path, (file) => {
    const container = readContainer(file, 'secret-key');
    const body = parseWith(bodySchema, container.body, 'secret key');
    if (body.specification !== specificationFingerprint(specification))
      fail('FHE0704', `${path} was made for another model`);
    return { bytes: container.section('secret'), keyFingerprint: body.key };
  });
}

/** The secret key as a SEAL object; the bytes are wiped. The caller deletes it. Errors: FHE0702. */
export function loadSecretKey(seal: Seal, key: SecretKey): ReturnType<Seal['library']['SecretKey']> {
  const bytes = checkSecretKeyBytes(key.bytes, keyForm(seal), 'secret key');
  const secret = seal.library.SecretKey();
  guard(seal.library, 'load secret key', () => secret.loadArray(seal.context, bytes));
  key.bytes.fill(0);
  return secret;
}
