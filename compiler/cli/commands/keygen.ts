import type { Command } from 'commander';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { evaluationKeyFile, generateKeys, type KeyReport } from '../../../runtime/client/keys.ts';
import type { Specification } from '../../../ir/program/schema.ts';
import { newCommand } from '../common-options.ts';
import { formatBytes } from '../format.ts';
import { printResult, type CommonFlags, type Io } from '../io.ts';
import { openSpecification, warnInsecure } from '../model.ts';
import { startProgress } from '../progress.ts';

/** The part of a key folder that goes to the server: nothing in it is secret, and no secret lies beside its files. */
const serverFolder = 'server';

/**
 * Makes keys in `folder`: `secret.key`, and `server/eval.keys` in a folder of its own, which can be copied to the server as it is (the server
 * refuses evaluation keys that lie beside a secret key). Errors: FHE0902, FHE0904.
 */
export async function makeKeys(
  specification: Specification,
  folder: string,
  onProgress?: (done: number) => void,
): Promise<KeyReport> {
  const report = await generateKeys(specification, folder, onProgress && { onProgress });
  const forServer = join(folder, serverFolder);
  mkdirSync(forServer, { recursive: true });
  const evaluationKeyPath = join(forServer, evaluationKeyFile);
  renameSync(report.evaluationKeyPath, evaluationKeyPath);
  return { ...report, evaluationKeyPath };
}

interface Flags extends CommonFlags {
  readonly out: string;
}

export function keygenCommand(io: Io): Command {
  return newCommand(
    'keygen',
    'Make the keys for a compiled model: a secret key for the client, evaluation keys for the server.',
    ['fhec keygen model.client.json -o keys/', 'scp -r keys/server server:keys/            # nothing in it is secret'],
  )
    .argument('<specification>', 'the client specification (model.client.json) that fhec compile wrote')
    .requiredOption(
      '-o, --out <folder>',
      'where secret.key and server/eval.keys are written; a secret key is never overwritten',
    )
    .action(async (path: string, flags: Flags) => {
      const specification = openSpecification(path);
      warnInsecure(specification.parameters, io, flags);
      const progress = startProgress(io, flags);
      progress.update('make keys', 0);
      const report = await makeKeys(specification, flags.out, (done) => progress.update('make keys', done));
      progress.stop();
      const { secretKeyPath, evaluationKeyPath, evaluationKeyBytes, galoisKeys, keyFingerprint } = report;
      printResult(
        io,
        flags,
        { secretKey: secretKeyPath, evaluationKeys: evaluationKeyPath, evaluationKeyBytes, galoisKeys, keyFingerprint },
        [
          `${secretKeyPath}   keep it: whoever has it can read every input and result`,
          `${evaluationKeyPath}   for the server: ${galoisKeys} rotation keys, ${formatBytes(evaluationKeyBytes)}`,
        ].join('\n'),
      );
    });
}
