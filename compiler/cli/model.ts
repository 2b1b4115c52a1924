import { readFileSync } from 'node:fs';
import type { Parameters } from '../../ir/ckks/parameters.ts';
import { fail } from '../../ir/diagnostics.ts';
import { readContainer } from '../../ir/program/container.ts';
import { readModel, readSpecification, type Model } from '../../ir/program/model-file.ts';
import type { TensorSignature } from '../../ir/program/program.ts';
import type { Specification } from '../../ir/program/schema.ts';
import { openFile } from '../../runtime/files/files.ts';
import { note, type CommonFlags, type Io } from './io.ts';

/** Opens and checks a compiled model. The file stays open: constants are read when they are asked for. Errors: FHE0701 to FHE0703, FHE0601, FHE0902. */
export const openModel = (path: string): Model => readModel(readContainer(openFile(path), 'model'), 'in-file');

/** Reads a client specification; a model file is no such file. Errors: FHE0701, FHE0702, FHE0601, FHE0902. */
export const openSpecification = (path: string): Specification => readSpecification(readText(path)).specification;

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return fail('FHE0902', `'${path}': ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Says so when parameters offer no security. */
export function warnInsecure({ secure }: Parameters, io: Io, flags: CommonFlags): void {
  if (!secure)
    note(
      io,
      flags,
      'warning: made with --insecure-for-tests; these parameters protect nothing. Never use them with real data.',
    );
}

/** The one input of a model that the command line can feed. Errors: FHE0903 for models with several. */
export function singleInput(inputs: readonly TensorSignature[]): TensorSignature {
  if (inputs.length !== 1)
    fail(
      'FHE0903',
      `the model has ${inputs.length} inputs: ${inputs.map((i) => i.name).join(', ')}; the command line gives one`,
    );
  return inputs[0];
}
