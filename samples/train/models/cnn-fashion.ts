import type { ModelSpec } from '../spec.ts';

/** A small convolutional network with GELU, batch normalisation and one residual branch. */
export const cnnFashion: ModelSpec = {
  name: 'cnn-fashion',
  title: 'Small residual network with GELU, on Fashion-MNIST',
  dataset: 'fashion',
  opset: 20,
  layers: [
    { kind: 'conv', name: 'conv1', filters: 8, kernel: 3, stride: 2, pad: 1 },
    { kind: 'batchnorm', name: 'bn1' },
    { kind: 'gelu', name: 'gelu1' },
    {
      kind: 'residual',
      name: 'add1',
      body: [
        { kind: 'conv', name: 'conv2', filters: 8, kernel: 3, pad: 1 },
        { kind: 'gelu', name: 'gelu2' },
        { kind: 'conv', name: 'conv3', filters: 8, kernel: 3, pad: 1 },
      ],
    },
    { kind: 'gelu', name: 'gelu3' },
    { kind: 'avgpool', name: 'pool1', size: 2 },
    { kind: 'flatten', name: 'flatten' },
    { kind: 'dense', name: 'fc1', units: 10 },
  ],
  recipe: {
    epochs: 12,
    batch: 128,
    learningRate: 0.008,
    weightDecay: 0.02,
    labelSmoothing: 0.02,
    shift: 1,
    flip: true,
    tailPenalty: 1,
    tailStart: 2.5,
    seed: 1,
  },
};
