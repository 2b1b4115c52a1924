import { readFileSync } from 'node:fs';
import type { Dataset } from '../../compiler/inputs/dataset.ts';
import { loadMnist, PIXELS } from '../../samples/train/data.ts';
import { sharedData } from '../support/shared-data.ts';

/** A network that others trained, with real images in the form that it takes. */
export interface PublicModel {
  readonly path: string;
  readonly calibration: (count: number) => Dataset;
  readonly test: (count: number) => Dataset;
}

/** From a pixel 0..255 of a channel to what the network takes. */
type Pixel = (value: number, channel: number) => number;

const scaled =
  (mean: readonly number[], deviation: readonly number[]): Pixel =>
  (value, channel) =>
    (value / 255 - mean[channel]) / deviation[channel];

/** MNIST digits with a border of `padding` zeros; `take` maps a pixel 0..255. */
function digits(split: 'train' | 'test', padding: number, take: (pixel: number) => number): (count: number) => Dataset {
  const side = 28 + 2 * padding;
  return (count) => {
    const { images, labels } = loadMnist()[split];
    const made = Array.from({ length: count }, (_, i) => {
      const image = new Float64Array(side * side);
      for (let p = 0; p < PIXELS; p++) {
        const at = (Math.floor(p / 28) + padding) * side + (p % 28) + padding;
        image[at] = take(Math.round(images[i * PIXELS + p] * 255));
      }
      return image;
    });
    return { images: made, shape: [1, 1, side, side], labels: Int32Array.from(labels.subarray(0, count)) };
  };
}

const recordBytes = 3073;
const plane = 1024;

/** CIFAR-10 images, channels first or last. */
function cifar(file: string, pixel: Pixel, channelsLast: boolean): (count: number) => Dataset {
  return (count) => {
    const bytes = readFileSync(sharedData(`cifar10-lossless/${file}`) ?? '');
    const images = Array.from({ length: count }, (_, i) => {
      const record = bytes.subarray(i * recordBytes + 1, (i + 1) * recordBytes);
      const image = new Float64Array(record.length);
      record.forEach((value, at) => {
        const channel = Math.floor(at / plane);
        image[channelsLast ? (at % plane) * 3 + channel : at] = pixel(value, channel);
      });
      return image;
    });
    const shape = channelsLast ? [1, 32, 32, 3] : [1, 3, 32, 32];
    return { images, shape, labels: Int32Array.from(images, (_, i) => bytes[i * recordBytes]) };
  };
}

const cifarSplits = (pixel: Pixel, channelsLast = false): Pick<PublicModel, 'calibration' | 'test'> => ({
  calibration: cifar('train_first4000.bin', pixel, channelsLast),
  test: cifar('test_first100.bin', pixel, channelsLast),
});

const digitSplits = (padding: number, take: (pixel: number) => number): Pick<PublicModel, 'calibration' | 'test'> => ({
  calibration: digits('train', padding, take),
  test: digits('test', padding, take),
});

export const publicModels = {
  'mnist-8': { path: 'onnx-models/mnist-8/model.onnx', ...digitSplits(0, (p) => p) },
  lenet5: {
    path: 'onnx-models/mnist-cnn/heir_lenet5.onnx',
    // The border is 0 after the normalisation.
    ...digitSplits(2, (p) => (p / 255 - 0.1307) / 0.3081),
  },
  'cifar-base': {
    path: 'onnx-models/vnncomp/cifar_base_kw.onnx',
    ...cifarSplits(scaled([0.485, 0.456, 0.406], [0.225, 0.225, 0.225])),
  },
  'cifar-deep': {
    path: 'onnx-models/vnncomp/cifar_deep_kw.onnx',
    ...cifarSplits(scaled([0.485, 0.456, 0.406], [0.225, 0.225, 0.225])),
  },
  'cifar-small': {
    path: 'onnx-models/vnncomp/marabou_cifar10_small.onnx',
    ...cifarSplits((value) => value / 255, true),
  },
  'resnet-2b': {
    path: 'onnx-models/vnncomp/resnet_2b.onnx',
    ...cifarSplits(scaled([0.4914, 0.4822, 0.4465], [0.2471, 0.2435, 0.2616])),
  },
  resnet8: { path: 'resnet8/resnet8_nchw_0to255.onnx', ...cifarSplits((value) => value) },
} satisfies Record<string, PublicModel>;

export type PublicModelName = keyof typeof publicModels;

export const publicModelFile = (name: PublicModelName): string | undefined => sharedData(publicModels[name].path);
