import { zipSync } from 'fflate';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Io } from '../../../compiler/cli/io.ts';
import { runMain } from '../../../compiler/cli/run-main.ts';
import { writeNpy } from '../../../compiler/inputs/npy.ts';
import { floatTensor, model, node, port } from '../../support/onnx-builder.ts';

const wave = (count: number, seed: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.sin(seed * (i + 1)));

/** Four numbers to three classes, with one activation and a softmax for the client. */
const tinyModel = (): Uint8Array =>
  model({
    inputs: [port('x', ['batch', 4])],
    outputs: ['p'],
    initializers: [
      floatTensor('w1', [4, 4], wave(16, 1.3)),
      floatTensor('b1', [4], wave(4, 0.7)),
      floatTensor('w2', [4, 3], wave(12, 2.1)),
      floatTensor('b2', [3], [0.1, 0, -0.1]),
    ],
    nodes: [
      node('Gemm', ['x', 'w1', 'b1'], ['h'], {}, 'dense1'),
      node('Relu', ['h'], ['r'], {}, 'relu1'),
      node('Gemm', ['r', 'w2', 'b2'], ['y'], {}, 'dense2'),
      node('Softmax', ['y'], ['p'], {}, 'softmax'),
    ],
  });

/** A folder with the model and 60 labelled inputs. */
export function tinyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fhec-cli-'));
  const count = 60;
  const labels = Float64Array.from({ length: count }, (_, i) => i % 3);
  writeFileSync(join(folder, 'tiny.onnx'), tinyModel());
  const x = writeNpy([count, 4], Float64Array.from(wave(4 * count, 0.37)));
  writeFileSync(join(folder, 'data.npz'), zipSync({ 'x.npy': x, 'y.npy': writeNpy([count], labels) }));
  return folder;
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in this process; crash reports go to `folder`. */
export async function fhec(folder: string, ...args: readonly string[]): Promise<Ran> {
  let [out, err] = ['', ''];
  const io: Io = { out: (t) => void (out += t), err: (t) => void (err += t), crashFolder: folder };
  const code = await runMain(args, io);
  return { code, out, err };
}
