import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '../../ir/diagnostics.ts';
import { readContainer, sha256Hex, writeContainer, type Section } from '../../ir/program/container.ts';
import { parseWith, specificationFingerprint, type Specification } from '../../ir/program/schema.ts';
import { makePrivateFolder, refuseToOverwrite, requirePrivate, withFile, writeFileParts } from '../files/files.ts';
import { neededKeys } from '../files/evaluation-keys.ts';
import { keyForm } from '../files/key-form.ts';
import { checkSecretKeyBytes } from '../files/seal-bytes.ts';
import { writeContainerFile, type PlannedSection } from '../files/stream-container.ts';
import { closeSeal, guard, openSeal, uncompressed, type Seal } from '../seal/library.ts';
import { clientParameters } from './client-parameters.ts';
import { openKeyEngine, openKeyMaker, planNativeKeys } from './native-keys.ts';
import { makeSealKeys } from './seal-keys.ts';

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

export interface KeyOptions {
  /** Called after each evaluation key with the share of them that is made, 0 to 1. */
  readonly onProgress?: (done: number) => void;
}

/**
 * Makes a key pair for a compiled model in `folder`: `secret.key` (mode 0600) stays with the client, `eval.keys` go to the server.
 * SEAL makes the secret. It makes the evaluation keys too where there is one special prime; else the native engine does. The uniform half of every
 * evaluation key is stored as a seed, half the bytes. Never overwrites a secret key (FHE0904). Errors: FHE0804 where the engine is needed and missing.
 */
export async function generateKeys(
  specification: Specification,
  folder: string,
  options: KeyOptions = {},
): Promise<KeyReport> {
  const secretKeyPath = join(folder, secretKeyFile);
  const evaluationKeyPath = join(folder, evaluationKeyFile);
  refuseToOverwrite(secretKeyPath);
  const engine = openKeyEngine(specification);
  const seal = await openSeal(clientParameters(specification), 'top');
  const { library } = seal;
  const fingerprint = specificationFingerprint(specification);
  const body = (hashes: readonly string[]) => ({
    specification: fingerprint,
    key: sha256Hex(new TextEncoder().encode(fingerprint + hashes.join(''))),
  });
  const { rotations, conjugation } = specification.keys;
  const keys = neededKeys(specification.keys, specification.parameters).length;
  let made = 0;
  const count = (): void => options.onProgress?.(++made / keys);
  makePrivateFolder(folder);
  return guard(library, 'key generation', () => {
    const generator = library.KeyGenerator(seal.context);
    const secret = generator.secretKey();
    const secretBytes = secret.saveArray(uncompressed(library));
    const maker = engine && openKeyMaker(engine, secretBytes, specification.parameters.ringDegree);
    try {
      const sections = maker
        ? planNativeKeys(maker, specification).map((section) => counted(section, count))
        : makeSealKeys(seal, generator, secretBytes, specification.keys, count).map(ready);
      const written = writeContainerFile(evaluationKeyPath, 'evaluation-keys', sections, body);
      const secretSection = { name: 'secret', bytes: secretBytes };
      writeFileParts(secretKeyPath, writeContainer('secret-key', written.body, [secretSection]), { secret: true });
      return {
        secretKeyPath,
        evaluationKeyPath,
        evaluationKeyBytes: written.bytes,
        galoisKeys: rotations.length + (conjugation ? 1 : 0),
        keyFingerprint: written.body.key,
      };
    } finally {
      secretBytes.fill(0);
      maker?.release();
      engine?.close();
      closeSeal(seal, [generator, secret]);
    }
  });
}

const counted = (section: PlannedSection, count: () => void): PlannedSection => ({
  ...section,
  make: () => {
    const bytes = section.make();
    count();
    return bytes;
  },
});

/** A section that is made already. */
const ready = ({ name, bytes }: Section): PlannedSection => ({ name, length: bytes.length, make: () => bytes });

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

/** The bytes of a secret key when they are one of these parameters. Errors: FHE0702. */
export const checkSecretKey = (owner: Pick<Seal, 'library' | 'parameters'>, key: SecretKey): Uint8Array =>
  checkSecretKeyBytes(key.bytes, keyForm(owner), 'secret key');
