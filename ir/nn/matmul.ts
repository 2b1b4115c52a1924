import type { OpDefinition } from '../define.ts';
import { elementCount, zeros } from '../tensor.ts';
import { channelCount, channelOf, defineNnOp, inferred, type Shape } from './define.ts';
import { broadcastShapes, broadcastStrides, formatShape, stridedIndices } from './indexing.ts';

/** The operands as stacks of matrices: 1-D operands become a row (left) or a column (right). */
const asMatrices = (a: Shape, b: Shape): readonly [Shape, Shape] => [
  a.length === 1 ? [1, ...a] : a,
  b.length === 1 ? [...b, 1] : b,
];

function matmulShape([a, b]: readonly Shape[]): Shape | string {
  const problem = `shapes ${formatShape(a)} and ${formatShape(b)} do not multiply`;
  if (a.length === 0 || b.length === 0) return problem;
  const [p, q] = asMatrices(a, b);
  const stack = broadcastShapes(p.slice(0, -2), q.slice(0, -2));
  if (!stack || p[p.length - 1] !== q[q.length - 2]) return problem;
  const rows = a.length === 1 ? [] : [p[p.length - 2]];
  const columns = b.length === 1 ? [] : [q[q.length - 1]];
  return [...stack, ...rows, ...columns];
}

export const matmul = defineNnOp({
  name: 'nn.matmul',
  doc: 'Matrix product a * b by the numpy rules: the last two dimensions multiply, those before broadcast, a 1-D operand is a row (a) or a column (b).',
  operands: ['a', 'b'],
  attrs: {},
  traits: ['linear'],
  shape: matmulShape,
  eval: ([a, b]) => {
    const shape = inferred(matmulShape([a.shape, b.shape]));
    const out = zeros(shape);
    const [p, q] = asMatrices(a.shape, b.shape);
    const [rows, inner] = p.slice(-2);
    const columns = q[q.length - 1];
    const [left, right] = [p.slice(0, -2), q.slice(0, -2)];
    const stack = broadcastShapes(left, right) ?? [];
    const fromA = stridedIndices(stack, broadcastStrides(left, stack));
    const fromB = stridedIndices(stack, broadcastStrides(right, stack));
    for (let s = 0; s < elementCount(stack); s++) {
      for (let r = 0; r < rows; r++) {
        const to = (s * rows + r) * columns;
        for (let k = 0; k < inner; k++) {
          const factor = a.data[(fromA[s] * rows + r) * inner + k];
          const from = (fromB[s] * inner + k) * columns;
          for (let c = 0; c < columns; c++) out.data[to + c] += factor * b.data[from + c];
        }
      }
    }
    return out;
  },
});

export const batchNorm = defineNnOp({
  name: 'nn.batch_norm',
  doc: 'Batch normalisation in inference: scale * (x - mean) / sqrt(var + epsilon) + bias, each parameter [C], for x [N, C, ...].',
  operands: ['x', 'scale', 'bias', 'mean', 'var'],
  attrs: { epsilon: 'float' },
  traits: ['linear'],
  shape: ([x, ...parameters]) => {
    const channels = channelCount(x);
    return parameters.every((p) => p.length === 1 && p[0] === channels) ? x : `each parameter must be [${channels}]`;
  },
  eval: ([x, scale, bias, mean, variance], { epsilon }) => {
    const channel = channelOf(x.shape);
    const out = zeros(x.shape);
    for (let i = 0; i < out.data.length; i++) {
      const c = channel(i);
      const factor = scale.data[c] / Math.sqrt(variance.data[c] + epsilon);
      out.data[i] = factor * (x.data[i] - mean.data[c]) + bias.data[c];
    }
    return out;
  },
});

export const matmulOps: readonly OpDefinition[] = [matmul, batchNorm];
