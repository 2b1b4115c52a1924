import type { ModelSpec } from '../spec.ts';

/** LeNet with average pooling: two convolutions and two dense layers. */
export const lenetMnist: ModelSpec = {
  name: 'lenet-mnist',
  title: 'LeNet with average pooling, on MNIST',
  dataset: 'mnist',
  opset: 13,
  layers: [
    { kind: 'conv', name: 'conv1', filters: 6, kernel: 5 },
    { kind: 'relu', name: 'relu1' },
    { kind: 'avgpool', name: 'pool1', size: 2 },
    { kind: 'conv', name: 'conv2', filters: 16, kernel: 5 },
    { kind: 'relu', name: 'relu2' },
    { kind: 'avgpool', name: 'pool2', size: 2 },
    { kind: 'flatten', name: 'flatten' },
    { kind: 'dense', name: 'fc1', units: 64 },
    { kind: 'relu', name: 'relu3' },
    { kind: 'dense', name: 'fc2', units: 10 },
  ],
  recipe: {
    epochs: 12,
    batch: 128,
    learningRate: 0.004,
    weightDecay: 0.02,
    labelSmoothing: 0.02,
    shift: 1,
    flip: false,
    tailPenalty: 1,
    tailStart: 2.5,
    seed: 1,
  },
};
