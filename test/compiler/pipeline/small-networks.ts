import type { Dataset } from '../../../compiler/inputs/dataset.ts';
import { floatTensor, model, node, port } from '../../support/onnx-builder.ts';
import { numbers } from '../../passes/lower-nn-to-slots/networks.ts';

const weights = (seed: number, count: number, size: number): number[] => {
  const next = numbers(seed);
  return Array.from({ length: count }, () => size * next());
};

/** A grouped convolution, a residual block of stride 2, a maximum pooling and a classifier of 3 classes on images [1, 2, 4, 4]. */
export function residualNetwork(): Uint8Array {
  return model({
    inputs: [port('image', [1, 2, 4, 4])],
    outputs: ['probabilities'],
    initializers: [
      floatTensor('w1', [4, 1, 3, 3], weights(1, 36, 0.5)),
      floatTensor('b1', [4], weights(2, 4, 0.2)),
      floatTensor('w2', [4, 4, 3, 3], weights(3, 144, 0.3)),
      floatTensor('w3', [4, 4, 1, 1], weights(4, 16, 0.6)),
      floatTensor('dense', [3, 4], weights(5, 12, 0.9)),
      floatTensor('bias', [3], weights(6, 3, 0.1)),
    ],
    nodes: [
      node('Conv', ['image', 'w1', 'b1'], ['c1'], { pads: [1, 1, 1, 1], group: 2 }, 'grouped'),
      node('Relu', ['c1'], ['r1'], {}, 'first relu'),
      node('Conv', ['r1', 'w2'], ['c2'], { pads: [1, 1, 1, 1], strides: [2, 2] }, 'strided'),
      node('Conv', ['r1', 'w3'], ['c3'], { strides: [2, 2] }, 'shortcut'),
      node('Add', ['c2', 'c3'], ['sum'], {}, 'sum'),
      node('Relu', ['sum'], ['r2'], {}, 'second relu'),
      node('MaxPool', ['r2'], ['p'], { kernel_shape: [2, 2], strides: [2, 2] }, 'pool'),
      node('Flatten', ['p'], ['f'], {}, 'flatten'),
      node('Gemm', ['f', 'dense', 'bias'], ['logits'], { transB: 1 }, 'classifier'),
      node('Softmax', ['logits'], ['probabilities'], { axis: 1 }, 'softmax'),
    ],
  });
}

/** `layers` times a dense map of 8 features and an activation, and a classifier of 3 classes. */
export function denseNetwork(layers: number, activation: string): Uint8Array {
  const each = Array.from({ length: layers }, (_, i) => i);
  return model({
    inputs: [port('x0', [1, 8])],
    outputs: ['logits'],
    initializers: [
      ...each.map((i) => floatTensor(`w${i}`, [8, 8], weights(10 + i, 64, 0.9))),
      floatTensor('dense', [3, 8], weights(9, 24, 0.9)),
    ],
    nodes: [
      ...each.flatMap((i) => [
        node('Gemm', [`x${i}`, `w${i}`], [`y${i}`], { transB: 1 }, `dense ${i}`),
        node(activation, [`y${i}`], [`x${i + 1}`], {}, `activation ${i}`),
      ]),
      node('Gemm', [`x${layers}`, 'dense'], ['logits'], { transB: 1 }, 'classifier'),
    ],
  });
}

/** Random inputs in [-1, 1). */
export function randomInputs(shape: readonly number[], count: number, seed = 99): Dataset {
  const next = numbers(seed);
  const size = shape.reduce((n, d) => n * d, 1);
  return { images: Array.from({ length: count }, () => Float64Array.from({ length: size }, next)), shape };
}
