import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FhecError } from '../../ir/diagnostics.ts';
import { readContainer } from '../../ir/program/container.ts';
import { readModel } from '../../ir/program/model-file.ts';
import type { Specification } from '../../ir/program/schema.ts';
import { openFile, writeFile, writeFileParts } from '../../runtime/files/files.ts';
import type { CompileReport } from '../report.ts';
import { readReport } from './report/schema.ts';

/** A model that was compiled before, checked in every byte. */
export interface CompiledModel {
  readonly specification: Specification;
  readonly report: CompileReport;
  readonly bytes: number;
  /** Writes its file once more. Errors: FHE0902. */
  readonly copyTo: (path: string) => void;
}

/** Models compiled before, by key, as files in a folder, which is made where it is missing. */
export interface CompiledModels {
  /** Undefined where there is none under the key, or where what is there is damaged. */
  readonly find: (key: string) => CompiledModel | undefined;
  readonly keep: (key: string, parts: readonly Uint8Array[]) => void;
}

/** How much of a file is copied at a time. */
const pieceLength = 2 ** 24;

export function folderOfModels(folder: string): CompiledModels {
  const pathOf = (key: string): string => join(folder, `${key}.fhec`);
  return {
    find: (key) => (existsSync(pathOf(key)) ? intact(pathOf(key)) : undefined),
    keep: (key, parts) => writeFileParts(pathOf(key), parts),
  };
}

function intact(path: string): CompiledModel | undefined {
  const file = openFile(path);
  try {
    const { specification, report } = readModel(readContainer(file, 'model'), 'in-file');
    return { specification, report: readReport(report), bytes: file.size, copyTo: (to) => copy(path, to) };
  } catch (error) {
    if (error instanceof FhecError) return undefined;
    throw error;
  } finally {
    file.close();
  }
}

function copy(from: string, to: string): void {
  const file = openFile(from);
  try {
    writeFile(to, (write) => {
      for (let at = 0; at < file.size; at += pieceLength)
        write(at, file.read(at, Math.min(pieceLength, file.size - at)));
    });
  } finally {
    file.close();
  }
}

/** What the code of the compiler lies in. */
const codeFolders = ['ir', 'passes', 'compiler'];

/** SHA-256 of the compiler's own code: another compiler may make another program of the same model. */
export function compilerFingerprint(): string {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const hash = createHash('sha256');
  for (const folder of codeFolders) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((f) => /(?<!\.d)\.[jt]s$/.test(f)).sort()) {
      hash.update(`${folder}/${file}\0`).update(readFileSync(join(root, folder, file)));
    }
  }
  return hash.digest('hex');
}
