/**
 * Measures the samples and the engine: npm run bench -- NAME [--json] [--only FAMILY ...] [--images n] [--simulate [n]] [--threads n] [--repeat n]
 *   [--agreement n] [--cache DIR] [--test INPUTS] [--compile ARGUMENTS]
 *
 * NAME is a sample (mlp, lenet, lenet-max, fashion), all of them by `all`, a network that bootstraps (resnet20, resnet32), or a part of the engine (engine, bootstrap, bootstrap15, bootstrap16). Figures go to stdout, progress to stderr.
 */
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { compileSample, sampleKeys, samples, type SampleKey } from '../samples/e2e/sample.ts';
import { calibrationImages, type BenchOptions, type Family, type Part } from './bench.ts';
import { figureLine, figureTable, machine, type Figure } from './figure.ts';
import { accuracyFigures } from './figures/accuracy.ts';
import { bootstrapFigures, bootstrapNames } from './figures/bootstrap.ts';
import { deepFigures, deepNetworks } from './figures/deep.ts';
import { degreeFigures } from './figures/degrees.ts';
import { engineFigures } from './figures/engine.ts';
import { nativeFigures } from './figures/native.ts';
import { programFigures } from './figures/program.ts';
import { sealFigures } from './figures/seal.ts';

/** Every bench, cheapest first. */
const families: Readonly<Record<string, Family>> = {
  program: programFigures,
  accuracy: accuracyFigures,
  seal: sealFigures,
  native: nativeFigures,
  degrees: degreeFigures,
};

const familyNames = Object.keys(families);

/** What is measured without a sample; the figures say their whole names. */
const parts: Readonly<Record<string, Part>> = {
  engine: engineFigures,
  bootstrap: bootstrapFigures(bootstrapNames),
  ...Object.fromEntries(bootstrapNames.map((name) => [name, bootstrapFigures([name])])),
  ...Object.fromEntries(Object.keys(deepNetworks).map((name) => [name, deepFigures(name)])),
};

interface Flags {
  readonly json?: boolean;
  readonly only?: readonly string[];
  readonly images: number;
  readonly simulate?: number | true;
  readonly threads?: number;
  readonly repeat: number;
  readonly agreement: number;
  readonly cache?: string;
  readonly test?: string;
  readonly compile: string;
}

async function measure(
  key: SampleKey,
  chosen: readonly string[],
  options: BenchOptions,
  show: (f: Figure) => void,
): Promise<void> {
  const sample = samples[key];
  const progress = (text: string): void => void process.stderr.write(`${key}: ${text}\n`);
  progress(`compiling with ${calibrationImages} calibration images`);
  const compiled = await compileSample(sample, calibrationImages);
  for (const name of chosen) {
    for await (const { figure, ...rest } of families[name]({ key, sample, compiled, options, progress }))
      show({ figure: `${key}.${figure}`, ...rest });
  }
}

async function main(name: string, flags: Flags): Promise<void> {
  const keys = name === 'all' ? sampleKeys : sampleKeys.filter((key) => key === name);
  const part = parts[name];
  const chosen = flags.only ?? familyNames;
  const on = machine();
  const { images, threads, simulate, repeat, agreement, cache, test } = flags;
  const simulated = simulate === true ? Infinity : (simulate ?? 0);
  const compile = flags.compile.split(' ').filter((argument) => argument !== '');
  const options = { images, threads, repeat, simulated, agreement, cache, test, compile };
  const figures: Figure[] = [];
  const show = (figure: Figure): void => {
    figures.push(figure);
    if (flags.json) console.log(figureLine(figure, on));
  };
  for (const key of keys) await measure(key, chosen, options, show);
  if (part)
    for await (const figure of part((text) => void process.stderr.write(`${name}: ${text}\n`), options)) show(figure);
  if (!flags.json) console.log(figureTable(figures, on));
}

const whole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least) throw new InvalidArgumentError(`a whole number from ${least} on`);
    return value;
  };

await new Command('bench')
  .description('Measures the samples and the engine; figures go to stdout, progress to stderr.')
  .addArgument(
    new Argument('<name>', 'a sample, all samples, or a part').choices([...sampleKeys, 'all', ...Object.keys(parts)]),
  )
  .option('--json', 'one line of JSON a figure')
  .addOption(new Option('--only <family...>', 'some families of figures').choices(familyNames))
  .option('--images <n>', 'images truly encrypted', whole(1), 4)
  .option('--simulate [n]', 'accuracy under simulated noise on all test images, or on the first n', whole(1))
  .option('--threads <n>', 'threads of the server; by default the cores, for SEAL at most 2', whole(1))
  .option(
    '--agreement <n>',
    'images of a deep network, truly encrypted and held against the exact network',
    whole(1),
    20,
  )
  .option('--cache <folder>', 'compiled deep networks and their calibrations are kept there, and taken from there')
  .option('--test <inputs>', 'test inputs of a deep network, as fhec infer takes them')
  .option('--compile <arguments>', 'more arguments of fhec compile for a deep network, as one text', '')
  .option('--repeat <n>', 'bootstraps in a row, each of new random numbers', whole(1), 1)
  .action(main)
  .parseAsync();
