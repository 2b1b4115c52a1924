import { Option, type Command } from 'commander';
import type { Model } from '../../../ir/program/model-file.ts';
import { tensor, type Tensor } from '../../../ir/tensor.ts';
import { openAnswers } from '../answer-file.ts';
import { loadInputs, newCommand, positiveInteger, withInputOptions, type InputFlags } from '../common-options.ts';
import { idle, openInference, type Inference, type InferBackend } from '../infer-backends.ts';
import { formatRow, formatSummary, summariseRows, type InferRow } from '../infer-summary.ts';
import { readCosts, withCostOption, type CostFlags } from '../cost-option.ts';
import { formatSeconds } from '../format.ts';
import { interruptible } from '../interrupt.ts';
import { note, printResult, type Io } from '../io.ts';
import { openModel, singleInput, warnInsecure } from '../model.ts';
import { errorBits, runClear, topClass } from '../predict.ts';
import { startProgress } from '../progress.ts';
import { backendHelp, readServerFlags, withServerOptions, type ServerFlags } from '../server-options.ts';

interface Flags extends InputFlags, ServerFlags, CostFlags {
  readonly count?: number;
  readonly backend: InferBackend;
  readonly answers?: string;
}

export function inferCommand(io: Io): Command {
  const command = newCommand(
    'infer',
    'Encrypt, run and decrypt in one go, with keys in a temporary folder: for a first try and for measurements.',
    [
      'fhec infer model.fhec mnist:test[0:5]',
      'fhec infer model.fhec digits/ --count 20 --json',
      'fhec infer model.fhec mnist:test[0:5] --backend native',
      'fhec infer model.fhec digit.png --backend clear',
      'fhec infer model.fhec test_batch.bin --count 100 --backend native --answers answers.jsonl',
    ],
  )
    .argument('<model>', 'the compiled model (model.fhec)')
    .argument('<inputs>', 'the inputs, see below')
    .option('--count <number>', 'stop after this many inputs', positiveInteger)
    .addOption(
      new Option(
        '--backend <name>',
        `encrypted: ${backendHelp.seal}, or ${backendHelp.native}; not encrypted: simulator, with the noise of CKKS, or clear, exact`,
      )
        .choices(['seal', 'native', 'simulator', 'clear'])
        .default('seal'),
    )
    .option(
      '--answers <file>',
      'also write each answer there as soon as it is known, as a line of JSON; answers that the file has already are not computed again, so that the same command goes on where it was interrupted',
    )
    .action((modelPath: string, inputs: string, flags: Flags) => infer(modelPath, inputs, flags, io));
  return withInputOptions(withCostOption(withServerOptions(command)));
}

async function infer(modelPath: string, inputs: string, flags: Flags, io: Io): Promise<void> {
  const model = openModel(modelPath);
  warnInsecure(model.program.parameters, io, flags);
  const { shape } = singleInput(model.program.inputs);
  const dataset = await loadInputs(inputs, { shape, preparation: model.specification.preparation }, flags, flags.count);
  const answers =
    flags.answers === undefined ? undefined : openAnswers(flags.answers, model.contentFingerprint, flags.backend);
  const images = dataset.images.map((image, index) => ({ image, index, known: answers?.known(index, image) }));
  const told = { quiet: Boolean(flags.quiet) || Boolean(flags.json) };
  const left = images.filter(({ known }) => !known).length;
  if (answers && left < images.length)
    note(io, told, `${images.length - left} of ${images.length} answers are in ${flags.answers ?? ''}`);
  await interruptible(async (signal) => {
    const progress = startProgress(io, flags);
    const onStage = (stage: string): void => progress.update(stage, 0);
    const costs = flags.backend === 'native' ? readCosts(flags, io) : undefined;
    const options = { server: readServerFlags(flags), costs, signal, onStage };
    const inference = left > 0 ? await openInference(flags.backend, modelPath, model, options) : idle;
    const { predictedSeconds } = inference;
    if (predictedSeconds !== undefined) note(io, told, `forecast: ${formatSeconds(predictedSeconds)} an input`);
    const rows: InferRow[] = [];
    let done = 0;
    try {
      for (const { image, index, known } of images) {
        if (!known) signal.throwIfAborted();
        const step = (share: number, node = ''): void => progress.update('infer', (done + share) / left, node);
        const row =
          known ?? (await inferOne(inference, model, tensor(shape, image), index, dataset.labels?.[index], step));
        if (!known) {
          answers?.add(row, image);
          step(1);
          done++;
        }
        rows.push(row);
        if (!flags.json) io.out(`${formatRow(row)}\n`);
      }
    } finally {
      progress.stop();
      await inference.close();
    }
    const summary = summariseRows(rows, flags.backend, inference);
    printResult(io, flags, { ...summary, predictedSeconds, inputs: rows }, formatSummary(summary));
  });
}

async function inferOne(
  inference: Inference,
  { program }: Model,
  input: Tensor,
  index: number,
  label: number | undefined,
  onProgress: (share: number, node: string) => void,
): Promise<InferRow> {
  const { outputs, seconds } = await inference.infer(input, index, onProgress);
  const exact = runClear(program, [input]);
  return {
    index,
    label,
    prediction: topClass(outputs[0]),
    clearPrediction: topClass(exact[0]),
    ...errorBits(exact, outputs),
    seconds,
    outputs: outputs.map(({ data }) => [...data]),
  };
}
