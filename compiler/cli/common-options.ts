import { Command, InvalidArgumentError } from 'commander';
import type { Preparation } from '../../ir/program/schema.ts';
import type { Dataset } from '../inputs/dataset.ts';
import { loadDataset, parseNumbers } from '../inputs/load.ts';
import type { CommonFlags } from './io.ts';

/** A command with the options that all share, and its examples under the help. */
export function newCommand(name: string, summary: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(summary)
    .option('--json', 'print one JSON object on standard output, nothing else')
    .option('--quiet', 'no progress and no notes')
    .addHelpText('after', `\nExamples:\n${examples.map((e) => `  ${e}`).join('\n')}`);
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < 1) throw new InvalidArgumentError('A whole number from 1 is expected.');
  return value;
}

export function nonNegativeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('A number from 0 is expected.');
  return value;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('A number is expected.');
  return value;
}

export interface InputFlags extends CommonFlags {
  readonly scale?: number;
  readonly mean?: string;
  readonly std?: string;
  readonly labels?: string;
  readonly xKey?: string;
  readonly yKey?: string;
}

const inputsHelp = `
Inputs: a .npy or .npz array, a PNG or JPEG image, an IDX file (MNIST, also .gz), a CIFAR-10 binary file (.bin), a folder of images (labels by
sub-folder), or a data set by name (mnist:test, mnist:train, fashion:test, fashion:train). A part of it: FILE[3], FILE[0:20].
Each number x becomes (x / scale - mean) / std, as in training. The scale is 255 for images, 1 for arrays. What a compilation is told, the model
remembers: encrypt, infer and simulate need not be told again.`;

/** Adds the options that say how inputs are read. */
export function withInputOptions(command: Command): Command {
  return command
    .option('--scale <number>', 'divide inputs by this (default: 255 for images, 1 for .npy and .npz)', number)
    .option('--mean <list>', 'then subtract this: one number, or one for each channel')
    .option('--std <list>', 'then divide by this: one number, or one for each channel')
    .option('--labels <file>', 'labels of the inputs (.npy or IDX), where the inputs bring none')
    .option('--x-key <name>', 'the array of a .npz archive that holds the inputs')
    .option('--y-key <name>', 'the array of a .npz archive that holds the labels')
    .addHelpText('after', inputsHelp);
}

/** What the options say of the preparation of inputs. Errors: FHE0901. */
export const preparationOf = ({ scale, mean, std }: InputFlags): Preparation => ({
  ...(scale !== undefined && { scale }),
  ...(mean !== undefined && { mean: parseNumbers(mean, '--mean') }),
  ...(std !== undefined && { std: parseNumbers(std, '--std') }),
});

/** What a model asks of its inputs. */
export interface ModelInput {
  readonly shape: readonly number[];
  /** As at the compilation; the options win. */
  readonly preparation?: Preparation | undefined;
}

/** Loads inputs for a model as the options say; at most `count` of them. Errors: FHE0901, FHE0902, FHE0903. */
export function loadInputs(
  spec: string,
  { shape, preparation }: ModelInput,
  flags: InputFlags,
  count?: number,
): Promise<Dataset> {
  return loadDataset(spec, {
    shape,
    count,
    ...preparation,
    ...preparationOf(flags),
    labels: flags.labels,
    keys: { x: flags.xKey, y: flags.yKey },
  });
}
