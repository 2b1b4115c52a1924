/** A compiled sample as files, laid out as its users have them: the server's folder holds no secret. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { CompileResult } from '../../compiler/compile.ts';
import { writeModel } from '../../ir/program/model-file.ts';
import { specificationOf, type Specification } from '../../ir/program/schema.ts';
import { generateKeys, readSecretKey, type SecretKey } from '../../runtime/client/keys.ts';

export interface ModelFiles {
  readonly specification: Specification;
  readonly modelPath: string;
  readonly modelBytes: number;
  /** Makes keys: the evaluation keys lie beside the model afterwards, the secret key in the client's folder. */
  readonly makeKeys: () => Promise<KeyFiles>;
  /** Removes everything, keys included. */
  readonly remove: () => void;
}

export interface KeyFiles {
  readonly secret: SecretKey;
  readonly keysPath: string;
  readonly keyBytes: number;
}

/** Writes a compiled model into a new temporary folder. */
export function writeFiles({ program, errorBound, report }: CompileResult): ModelFiles {
  const folder = mkdtempSync(join(tmpdir(), 'fhec-sample-'));
  const server = join(folder, 'server');
  const client = join(folder, 'client');
  mkdirSync(server);
  mkdirSync(client);
  const specification = specificationOf(program, errorBound);
  const modelPath = join(server, 'model.fhec');
  const parts = writeModel(program, errorBound, report);
  writeFileSync(modelPath, Buffer.concat(parts));
  return {
    specification,
    modelPath,
    modelBytes: parts.reduce((n, p) => n + p.length, 0),
    makeKeys: async () => {
      const { secretKeyPath, evaluationKeyPath, evaluationKeyBytes } = await generateKeys(specification, client);
      const keysPath = join(server, basename(evaluationKeyPath));
      renameSync(evaluationKeyPath, keysPath);
      return { secret: readSecretKey(secretKeyPath, specification), keysPath, keyBytes: evaluationKeyBytes };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
