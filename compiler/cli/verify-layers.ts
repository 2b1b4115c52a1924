import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeModel } from '../../ir/program/model-file.ts';
import { tensor } from '../../ir/tensor.ts';
import { writeFileParts } from '../../runtime/files/files.ts';
import { loadInputs, type InputFlags } from './common-options.ts';
import { formatNumber } from './format.ts';
import { openInference } from './infer-backends.ts';
import { interruptible } from './interrupt.ts';
import type { Io } from './io.ts';
import { compareLayers, withLayers, type LayerError } from './layers.ts';
import { openModel, singleInput } from './model.ts';
import { runClear } from './predict.ts';
import { startProgress } from './progress.ts';
import { readReport } from './report/schema.ts';
import { readServerFlags, type ServerFlags } from './server-options.ts';

/** What a layer loses: by noise, as measured, and where it is an approximated activation, by its polynomial, as measured when it was compiled. */
export interface LayerLoss extends LayerError {
  /** Root mean square, in units of the activation's own values. */
  readonly approximation?: number;
}

interface Flags extends InputFlags, ServerFlags {
  readonly backend: 'seal' | 'native';
}

/**
 * Encrypts the first input, runs the model with every layer among its results, and decrypts them: all with keys made for this, in a temporary folder.
 * The server's part sees ciphertexts only, as ever; what is compared is in the client's hands. Errors: those of loading, keys and runs.
 */
export async function verifyLayers(path: string, source: string, flags: Flags, io: Io): Promise<readonly LayerLoss[]> {
  const model = openModel(path);
  const { specification } = model;
  const { shape } = singleInput(model.program.inputs);
  const { images } = await loadInputs(source, { shape, preparation: specification.preparation }, flags, 1);
  const input = tensor(shape, images[0]);
  const { program, layers } = withLayers(model.program);
  const folder = mkdtempSync(join(tmpdir(), 'fhec-layers-'));
  const progress = startProgress(io, flags);
  try {
    const opened = join(folder, 'layers.fhec');
    progress.update('write the model with its layers', 0);
    writeFileParts(opened, writeModel(program, specification.errorBound, model.report, specification.preparation));
    const got = await interruptible(async (signal) => {
      const onStage = (stage: string): void => progress.update(stage, 0);
      const options = { server: readServerFlags(flags), signal, onStage };
      const inference = await openInference(flags.backend, opened, openModel(opened), options);
      try {
        const { outputs } = await inference.infer(input, 0, (share) => progress.update('run encrypted', share));
        return outputs;
      } finally {
        await inference.close();
      }
    });
    const approximations = new Map(
      readReport(model.report).activations.map((a) => [a.node, Math.sqrt(a.meanSquaredError)]),
    );
    return compareLayers(layers, runClear(program, [input]), got).map((layer) => {
      const approximation = approximations.get(layer.node);
      return approximation === undefined ? layer : { ...layer, approximation };
    });
  } finally {
    progress.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const columns = ['node', 'level', 'bits', 'largest error', 'mean error', 'largest value', 'error of the polynomial'];

/** A table, a line a layer. */
export function formatLayers(layers: readonly LayerLoss[]): string {
  const rows = layers.map((l) => [
    l.node,
    String(l.level),
    l.bits.toFixed(1),
    ...[l.largest, l.mean, l.magnitude].map(formatNumber),
    l.approximation === undefined ? '' : formatNumber(l.approximation),
  ]);
  const table = [columns, ...rows];
  const widths = columns.map((_, c) => Math.max(...table.map((row) => row[c].length)));
  return table
    .map((row) =>
      row
        .map((cell, c) => cell.padEnd(widths[c]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
