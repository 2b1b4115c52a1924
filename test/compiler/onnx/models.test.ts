import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import { tensor, type Tensor } from '../../../ir/tensor.ts';
import { sharedData, whyNoData } from '../../support/shared-data.ts';
import { difference, readTensors } from './conformance-run.ts';

const mnist = sharedData('onnx-models/mnist-8');
const cifar = sharedData('cifar10-lossless/test_first100.bin');

describe.skipIf(!mnist)(`mnist-8 of the ONNX model zoo (${whyNoData('onnx-models/mnist-8')})`, () => {
  it.each([0, 1, 2])('gives the expected output of test data set %i', (set) => {
    const folder = mnist ?? '';
    const [main] = importOnnx(readFileSync(join(folder, 'model.onnx'))).funcs;
    const data = join(folder, `test_data_set_${set}`);
    const [output] = evaluateFunc(main, readTensors(data, 'input'));
    expect(difference(output, readTensors(data, 'output')[0])).toBeUndefined();
  });
});

interface Normalisation {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** Image `index` of a CIFAR-10 binary file as [1, 3, 32, 32], and its label. */
function cifarImage(
  file: Uint8Array,
  index: number,
  pixel: (v: number, channel: number) => number,
): readonly [Tensor, number] {
  const record = file.subarray(index * 3073, (index + 1) * 3073);
  const data = Float64Array.from(record.subarray(1), (v, i) => pixel(v, Math.floor(i / 1024)));
  return [tensor([1, 3, 32, 32], data), record[0]];
}

const scaled =
  ({ mean, deviation }: Normalisation) =>
  (v: number, channel: number): number =>
    (v / 255 - mean[channel]) / deviation[channel];

const imagenet = scaled({ mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] });
const vnncomp = scaled({ mean: [0.4914, 0.4822, 0.4465], deviation: [0.2471, 0.2435, 0.2616] });

/** Right answers among the first 100 test images, counted with the same files by another ONNX runtime. */
const networks = [
  { path: 'resnet8/resnet8_nchw_0to255.onnx', pixel: (v: number) => v, right: 88 },
  { path: 'onnx-models/vnncomp/resnet_2b.onnx', pixel: vnncomp, right: 77 },
  { path: 'resnet-cifar10/resnet20_akamaster_slicepad.onnx', pixel: imagenet, right: 94 },
] as const;

describe.skipIf(!cifar)(`CIFAR-10 networks (${whyNoData('cifar10-lossless')})`, () => {
  it.each(networks)('$path classifies the first 100 test images as expected', ({ path, pixel, right }) => {
    const [main] = importOnnx(readFileSync(sharedData(path) ?? '')).funcs;
    const file = readFileSync(cifar ?? '');
    let count = 0;
    for (let i = 0; i < 100; i++) {
      const [image, label] = cifarImage(file, i, pixel);
      const [scores] = evaluateFunc(main, [image]);
      if (scores.data.indexOf(Math.max(...scores.data)) === label) count++;
    }
    expect(count).toBe(right);
  });
});

/** Networks without test vectors: that they import, and to what shapes. */
const shapes = [
  { path: 'onnx-models/mnist-cnn/heir_lenet5.onnx', input: [1, 1, 32, 32], output: [1, 10] },
  { path: 'onnx-models/vnncomp/cGAN_imgSz32_nCh_1.onnx', input: [1, 5], output: [1, 1] },
  { path: 'onnx-models/vnncomp/cifar_base_kw.onnx', input: [1, 3, 32, 32], output: [1, 10] },
  { path: 'onnx-models/vnncomp/cifar_deep_kw.onnx', input: [1, 3, 32, 32], output: [1, 10] },
  { path: 'onnx-models/vnncomp/marabou_cifar10_small.onnx', input: [1, 32, 32, 3], output: [1, 10] },
  { path: 'resnet-cifar10/resnet20_cifar10_pre.onnx', input: [1, 3, 32, 32], output: [1, 10] },
  { path: 'resnet-cifar10/resnet32_cifar10_pre.onnx', input: [1, 3, 32, 32], output: [1, 10] },
];

describe.skipIf(!mnist)(`further networks (${whyNoData('onnx-models')})`, () => {
  it.each(shapes)('$path imports', ({ path, input, output }) => {
    const module = importOnnx(readFileSync(sharedData(path) ?? ''));
    expect(module.interface?.inputs.map((p) => p.shape)).toEqual([input]);
    expect(module.interface?.outputs.map((p) => p.shape)).toEqual([output]);
    const [main] = module.funcs;
    const pixels = tensor(input, new Float64Array(input.reduce((a, b) => a * b, 1)).fill(0.25));
    const [result] = evaluateFunc(main, [pixels]);
    expect(result.shape).toEqual(output);
    expect(result.data.every(Number.isFinite)).toBe(true);
  });
});
