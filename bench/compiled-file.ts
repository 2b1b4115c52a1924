import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readContainer } from '../ir/program/container.ts';
import { readModel, type Model } from '../ir/program/model-file.ts';
import { readReport } from '../compiler/cli/report/schema.ts';
import type { CompileReport } from '../compiler/report.ts';
import { openFile } from '../runtime/files/files.ts';

/** A model that `fhec compile` wrote. */
export interface CompiledFile {
  readonly path: string;
  readonly bytes: number;
  /** Constants are read from the file when they are asked for. */
  readonly model: Model;
  readonly report: CompileReport;
  /** Of the whole command; undefined where an earlier one wrote the file. */
  readonly commandSeconds: number | undefined;
}

const command = new URL('../compiler/cli/main.ts', import.meta.url).pathname;

/** Runs `fhec` as its users do, in a process of its own; what it tells goes to stderr. Rejects with its last line when it fails. */
function runFhec(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), command, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr.on('data', (text: Buffer) => {
    process.stderr.write(text);
    told = (told + text.toString()).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`fhec ${args[0]} ended with ${code ?? 'a signal'}: ${told.trim().split('\n').at(-1)}`));
    });
  });
}

/** The model `name` of a folder, compiled there with these arguments of `fhec compile` unless the folder holds it already. */
export async function compiledFile(folder: string, name: string, args: readonly string[]): Promise<CompiledFile> {
  const path = join(folder, `${name}.fhec`);
  const began = performance.now();
  const known = existsSync(path);
  if (!known) await runFhec(['compile', ...args, '-o', path]);
  const commandSeconds = known ? undefined : (performance.now() - began) / 1000;
  const file = openFile(path);
  const model = readModel(readContainer(file, 'model'), 'in-file');
  return { path, bytes: file.size, model, report: readReport(model.report), commandSeconds };
}
