import type { Command } from 'commander';
import { tensor, type Tensor } from '../../../ir/tensor.ts';
import { simulate } from '../../../runtime/simulator/simulate.ts';
import { wilson } from '../../pipeline/assess.ts';
import {
  loadInputs,
  newCommand,
  nonNegativeNumber,
  positiveInteger,
  withInputOptions,
  type InputFlags,
} from '../common-options.ts';
import { formatFacts, formatInterval, formatSeconds, formatShare } from '../format.ts';
import { interruptible } from '../interrupt.ts';
import { printResult, type Io } from '../io.ts';
import { openModel, singleInput, warnInsecure } from '../model.ts';
import { errorBits, topClass } from '../predict.ts';
import { startProgress } from '../progress.ts';

interface Flags extends InputFlags {
  readonly count?: number;
  readonly compare: number;
  readonly seed?: number;
  readonly threads?: number;
}

export function simulateCommand(io: Io): Command {
  const command = newCommand(
    'simulate',
    'Run a compiled model on a whole data set with the noise of CKKS, without keys: the accuracy to expect.',
    ['fhec simulate model.fhec mnist:test', 'fhec simulate model.fhec test_batch.bin --count 1000 --json'],
  )
    .argument('<model>', 'the compiled model (model.fhec)')
    .argument('<inputs>', 'the inputs, see below')
    .option('--count <number>', 'stop after this many inputs', positiveInteger)
    .option('--compare <number>', 'compare so many inputs with the exact program', nonNegativeNumber, 200)
    .option('--seed <number>', 'of the noise: equal seeds, equal results (default: 0)', nonNegativeNumber)
    .option('--threads <number>', 'worker threads (default: the cores)', positiveInteger)
    .action((modelPath: string, inputs: string, flags: Flags) => run(modelPath, inputs, flags, io));
  return withInputOptions(command);
}

async function run(modelPath: string, inputs: string, flags: Flags, io: Io): Promise<void> {
  const { program, specification } = openModel(modelPath);
  warnInsecure(program.parameters, io, flags);
  const { shape } = singleInput(program.inputs);
  const { images, labels } = await loadInputs(
    inputs,
    { shape, preparation: specification.preparation },
    flags,
    flags.count,
  );
  const started = performance.now();
  const progress = startProgress(io, flags);
  try {
    const tensors = images.map((image): readonly Tensor[] => [tensor(shape, image)]);
    const compared = Math.min(flags.compare, images.length);
    const results = await interruptible((signal) =>
      simulate(modelPath, tensors, {
        signal,
        withExact: compared,
        onProgress: (done) => progress.update('simulate', done / images.length),
        ...(flags.seed === undefined ? {} : { seed: flags.seed }),
        ...(flags.threads === undefined ? {} : { threads: flags.threads }),
      }),
    );
    const predictions = results.map((r) => (r.kind === 'outputs' ? topClass(r.outputs[0]) : undefined));
    const classifies = results.some((r) => r.kind === 'outputs' && r.outputs[0].data.length > 1);
    const right = predictions.filter((p, i) => p !== undefined && p === labels?.[i]).length;
    const accuracy = labels && classifies ? right / images.length : undefined;
    let agreed = 0;
    let bits = Infinity;
    for (const [i, result] of results.slice(0, compared).entries()) {
      if (result.kind !== 'outputs' || !result.exact) continue;
      bits = Math.min(bits, errorBits(result.exact, result.outputs).bits);
      if (topClass(result.exact[0]) === predictions[i]) agreed++;
    }
    progress.stop();
    const summary = {
      count: images.length,
      accuracy,
      interval: accuracy === undefined ? undefined : wilson(accuracy, images.length),
      compared,
      agreement: compared === 0 ? undefined : agreed / compared,
      errorBits: compared === 0 ? undefined : bits,
      outOfRange: results.filter((r) => r.kind === 'out-of-range').length,
      seconds: (performance.now() - started) / 1000,
    };
    printResult(io, flags, { ...summary, predictions }, format(summary));
  } finally {
    progress.stop();
  }
}

interface Summary {
  readonly count: number;
  readonly accuracy: number | undefined;
  readonly interval: readonly [number, number] | undefined;
  readonly compared: number;
  readonly agreement: number | undefined;
  readonly errorBits: number | undefined;
  readonly outOfRange: number;
  readonly seconds: number;
}

function format(s: Summary): string {
  const on = `the first ${s.compared} inputs`;
  const facts: (readonly [string, string])[] = [
    ['inputs', `${s.count} in ${formatSeconds(s.seconds)}`],
    ...(s.accuracy === undefined || !s.interval
      ? []
      : [['accuracy', `${formatShare(s.accuracy)} (95% interval ${formatInterval(s.interval)})`] as const]),
    ...(s.agreement === undefined
      ? []
      : [['agreement', `${formatShare(s.agreement)} the same class as the exact program, on ${on}`] as const]),
    ...(s.errorBits === undefined ? [] : [['precision', `${s.errorBits.toFixed(1)} bits at worst, on ${on}`] as const]),
    ['out of range', `${s.outOfRange} inputs would not have decrypted`],
  ];
  return formatFacts(facts);
}
