import { Option, type Command } from 'commander';
import { tensor } from '../../../ir/tensor.ts';
import { loadInputs, newCommand, positiveInteger, withInputOptions, type InputFlags } from '../common-options.ts';
import { openInference, type InferBackend } from '../infer-backends.ts';
import { formatRow, formatSummary, summariseRows, type InferRow } from '../infer-summary.ts';
import { interruptible } from '../interrupt.ts';
import { printResult, type Io } from '../io.ts';
import { openModel, singleInput, warnInsecure } from '../model.ts';
import { errorBits, runClear, topClass } from '../predict.ts';
import { startProgress } from '../progress.ts';
import { backendHelp, readServerFlags, withServerOptions, type ServerFlags } from '../server-options.ts';

interface Flags extends InputFlags, ServerFlags {
  readonly count?: number;
  readonly backend: InferBackend;
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
    .action((modelPath: string, inputs: string, flags: Flags) => infer(modelPath, inputs, flags, io));
  return withInputOptions(withServerOptions(command));
}

async function infer(modelPath: string, inputs: string, flags: Flags, io: Io): Promise<void> {
  const model = openModel(modelPath);
  warnInsecure(model.program.parameters, io, flags);
  const { shape } = singleInput(model.program.inputs);
  const dataset = await loadInputs(inputs, { shape, preparation: model.specification.preparation }, flags, flags.count);
  await interruptible(async (signal) => {
    const progress = startProgress(io, flags);
    const onStage = (stage: string): void => progress.update(stage, 0);
    const inference = await openInference(flags.backend, modelPath, model, {
      server: readServerFlags(flags),
      signal,
      onStage,
    });
    const rows: InferRow[] = [];
    try {
      for (const [index, image] of dataset.images.entries()) {
        signal.throwIfAborted();
        const input = tensor(shape, image);
        const step = (share: number): void => progress.update('infer', (index + share) / dataset.images.length);
        const { outputs, seconds } = await inference.infer(input, index, step);
        step(1);
        const exact = runClear(model.program, [input]);
        const row: InferRow = {
          index,
          label: dataset.labels?.[index],
          prediction: topClass(outputs[0]),
          clearPrediction: topClass(exact[0]),
          ...errorBits(exact, outputs),
          seconds,
          outputs: outputs.map(({ data }) => [...data]),
        };
        rows.push(row);
        if (!flags.json) io.out(`${formatRow(row)}\n`);
      }
    } finally {
      progress.stop();
      await inference.close();
    }
    const summary = summariseRows(rows, flags.backend, inference);
    printResult(io, flags, { ...summary, inputs: rows }, formatSummary(summary));
  });
}
