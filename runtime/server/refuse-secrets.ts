import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../../ir/diagnostics.ts';
import { fileKind } from '../files/files.ts';

/**
 * The server's guard against a secret that came along by mistake: refuses (FHE0705) when a path is a secret key, or when one lies in
 * the folder of the evaluation keys. The server has no code that could read it; the mistake must be told all the same.
 */
export function refuseSecrets(modelPath: string, keysPath: string): void {
  for (const path of [modelPath, keysPath]) {
    if (fileKind(path) === 'secret-key') fail('FHE0705', `${path} is a secret key`);
  }
  for (const entry of readdirSync(dirname(keysPath) || '.', { withFileTypes: true })) {
    const path = join(dirname(keysPath), entry.name);
    if (entry.isFile() && fileKind(path) === 'secret-key')
      fail('FHE0705', `${path} is a secret key and lies beside the evaluation keys`);
  }
}
