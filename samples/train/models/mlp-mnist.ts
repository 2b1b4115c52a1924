import type { ModelSpec } from '../spec.ts';

/** A plain network of three dense layers. */
export const mlpMnist: ModelSpec = {
  name: 'mlp-mnist',
  title: 'Multilayer perceptron, on MNIST',
  dataset: 'mnist',
  opset: 13,
  layers: [
    { kind: 'flatten', name: 'flatten' },
    { kind: 'dense', name: 'fc1', units: 64 },
    { kind: 'relu', name: 'relu1' },
    { kind: 'dense', name: 'fc2', units: 32 },
    { kind: 'relu', name: 'relu2' },
    { kind: 'dense', name: 'fc3', units: 10 },
  ],
  recipe: {
    epochs: 12,
    batch: 128,
    learningRate: 0.004,
    weightDecay: 0.02,
    labelSmoothing: 0.02,
    shift: 0,
    flip: false,
    tailPenalty: 1,
    tailStart: 2.5,
    seed: 1,
  },
};
