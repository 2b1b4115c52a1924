/** The samples as tests and benchmarks take them: the model, and the images that calibrate and try it. */
import { readFileSync } from 'node:fs';
import { compileModel, type CompileResult } from '../../compiler/compile.ts';
import type { CompileOptions } from '../../compiler/options.ts';
import { tensor, type Tensor } from '../../ir/tensor.ts';
import { loadDataset, PIXELS, type Dataset, type Split } from '../train/data.ts';

export interface Sample {
  /** The folder beside this one. */
  readonly name: string;
  readonly dataset: 'mnist' | 'fashion';
}

export const samples = {
  mlp: { name: 'mlp-mnist', dataset: 'mnist' },
  lenet: { name: 'lenet-mnist', dataset: 'mnist' },
  'lenet-max': { name: 'lenet-max-mnist', dataset: 'mnist' },
  fashion: { name: 'cnn-fashion', dataset: 'fashion' },
} as const satisfies Record<string, Sample>;

export type SampleKey = keyof typeof samples;

export const sampleKeys = Object.keys(samples) as readonly SampleKey[];

export const imageShape = [1, 1, 28, 28] as const;

/** The path of a file of a sample. */
export const samplePath = ({ name }: Sample, file: string): string =>
  new URL(`../${name}/${file}`, import.meta.url).pathname;

const loaded = new Map<Sample['dataset'], Dataset>();

/** The data set of a sample, read once. */
export function dataOf({ dataset }: Sample): Dataset {
  const data = loaded.get(dataset) ?? loadDataset(dataset);
  loaded.set(dataset, data);
  return data;
}

/** Image i of a split. */
export const imageOf = ({ images }: Split, i: number): Tensor =>
  tensor(imageShape, Float64Array.from(images.subarray(i * PIXELS, (i + 1) * PIXELS)));

/** Compiles a sample with its first `calibrationImages` training images. */
export function compileSample(
  sample: Sample,
  calibrationImages: number,
  options: Partial<CompileOptions> = {},
): Promise<CompileResult> {
  const { train } = dataOf(sample);
  const images = Array.from({ length: calibrationImages }, (_, i) => imageOf(train, i).data);
  const labels = Int32Array.from(train.labels.subarray(0, calibrationImages));
  return compileModel(readFileSync(samplePath(sample, 'model.onnx')), {
    calibration: { images, shape: imageShape, labels },
    modelName: sample.name,
    ...options,
  });
}

/** The position of the largest number, the first of several. */
export const argmax = (logits: Float64Array): number => logits.reduce((b, x, i) => (x > logits[b] ? i : b), 0);

/** log2 of the largest difference over the largest magnitude of `exact`; -Infinity when they are equal. */
export function errorBits(exact: readonly Float64Array[], found: readonly Float64Array[]): number {
  let difference = 0;
  let largest = 0;
  exact.forEach((logits, i) =>
    logits.forEach((x, j) => {
      // Not Math.max: a logit that is not a number must not pass.
      const d = Math.abs(x - found[i][j]);
      if (!(d <= difference)) difference = d;
      largest = Math.max(largest, Math.abs(x));
    }),
  );
  return Math.log2(difference / largest);
}
