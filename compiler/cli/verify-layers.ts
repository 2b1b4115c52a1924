import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fail } from '../../ir/diagnostics.ts';
import { evaluateFunc } from '../../ir/evaluate.ts';
import { writeModel } from '../../ir/program/model-file.ts';
import { tensor, type Tensor } from '../../ir/tensor.ts';
import { writeFileParts } from '../../runtime/files/files.ts';
import { readBytes } from '../inputs/image-files.ts';
import { importOnnx } from '../onnx/import.ts';
import { canonicalise } from '../pipeline/canonical.ts';
import { mainOf } from '../pipeline/main-of.ts';
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
  readonly network?: string;
}

/** Layers, and where the ONNX file was given how far the results are from those of the exact network, polynomials and noise together. */
export interface LayersAccount {
  readonly layers: readonly LayerLoss[];
  readonly results?: LayerError;
}

/**
 * Encrypts the first input, runs the model with every layer among its results, and decrypts them: all with keys made for this, in a temporary folder.
 * The server's part sees ciphertexts only, as ever; what is compared is in the client's hands. Errors: those of loading, keys and runs.
 */
export async function verifyLayers(path: string, source: string, flags: Flags, io: Io): Promise<LayersAccount> {
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
    const losses = compareLayers(layers, runClear(program, [input]), got).map((layer) => {
      const approximation = approximations.get(layer.node);
      return approximation === undefined ? layer : { ...layer, approximation };
    });
    return flags.network === undefined
      ? { layers: losses }
      : { layers: losses, results: compareResults(flags.network, input, got) };
  } finally {
    progress.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `got`: the results of the program first. Errors: those of the import, and FHE0903 for a network with other results. */
function compareResults(network: string, input: Tensor, got: readonly Tensor[]): LayerError {
  const externalData = (file: string): Uint8Array => readBytes(join(dirname(network), file));
  const main = mainOf(canonicalise(importOnnx(readBytes(network), { externalData }), () => undefined));
  const exact = evaluateFunc(main, [input]);
  exact.forEach(({ data }, i) => {
    if (got[i].data.length !== data.length) fail('FHE0903', `${network} has other results than the compiled model`);
  });
  const outputs = exact.map((_, i) => i);
  return compareLayers([{ node: 'results, from the exact network', level: 0, outputs }], exact, got)[0];
}

const columns = ['node', 'level', 'bits', 'largest error', 'mean error', 'largest value', 'error of the polynomial'];

/** A table, a line a layer. */
export function formatLayers({ layers, results }: LayersAccount): string {
  const rows = [...layers, ...(results ? [results] : [])].map((l: LayerLoss) => [
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
