import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Module } from '../../ir/module.ts';
import { printModule } from '../../ir/text/print.ts';
import { formatReproducer, PassFailure } from '../../passes/run.ts';
import { version } from '../version.ts';

/** An unexpected error during a compilation, with the last module that was seen before it. */
export class CompileCrash extends Error {
  readonly stage: string;
  readonly module: Module | undefined;
  constructor(stage: string, module: Module | undefined, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'CompileCrash';
    this.stage = stage;
    this.module = module;
  }
}

/**
 * The text of a reproducer: command line, error, and the module before the failing pass where there is one. Constants of more than 16 elements
 * are named, not written: weights stay where they are.
 */
export function formatCrash(error: unknown, args: readonly string[], file: string): string {
  const root = error instanceof CompileCrash ? error.cause : error;
  const stack = root instanceof Error ? (root.stack ?? root.message) : String(root);
  const head = [
    `// fhec ${version}, Node ${process.version}, ${process.platform} ${process.arch}`,
    `// command: fhec ${args.map((a) => JSON.stringify(a)).join(' ')}`,
    ...stack.split('\n').map((line) => `// ${line}`),
  ];
  if (root instanceof PassFailure) return [...head, formatReproducer(root, file)].join('\n');
  if (!(error instanceof CompileCrash)) return [...head, ''].join('\n');
  const where = `// the last stage that succeeded: ${error.stage}`;
  return [...head, where, ...(error.module ? [printModule(error.module, { loc: true })] : []), ''].join('\n');
}

/** Writes the reproducer into a folder; returns its path, or undefined where that is not possible. */
export function writeCrash(error: unknown, args: readonly string[], folder: string, now: Date): string | undefined {
  const file = join(folder, `fhec-crash-${now.toISOString().replaceAll(/[:.]/g, '-')}.txt`);
  try {
    writeFileSync(file, formatCrash(error, args, file), { flag: 'wx' });
    return file;
  } catch {
    return undefined;
  }
}
