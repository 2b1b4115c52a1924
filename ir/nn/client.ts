import type { OpDefinition } from '../define.ts';
import { zeros } from '../tensor.ts';
import { defineNnOp, type Shape } from './define.ts';
import { around, formatShape, validAxes } from './indexing.ts';

const axisProblem = (x: Shape, axis: number): string | undefined =>
  validAxes([axis], x.length) && x[axis] > 0 ? undefined : `axis ${axis} is not a dimension of ${formatShape(x)}`;

export const softmax = defineNnOp({
  name: 'nn.softmax',
  doc: 'exp(x) divided by its sum along `axis`. May only end a network: the client computes it.',
  operands: ['x'],
  attrs: { axis: 'int' },
  traits: ['client'],
  shape: ([x], { axis }) => axisProblem(x, axis) ?? x,
  eval: ([x], { axis }) => {
    const out = zeros(x.shape);
    const [outer, size, inner] = around(x.shape, axis);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const at = (k: number): number => (o * size + k) * inner + i;
        let largest = -Infinity;
        for (let k = 0; k < size; k++) largest = Math.max(largest, x.data[at(k)]);
        let sum = 0;
        for (let k = 0; k < size; k++) sum += out.data[at(k)] = Math.exp(x.data[at(k)] - largest);
        for (let k = 0; k < size; k++) out.data[at(k)] /= sum;
      }
    }
    return out;
  },
});

const withoutAxis = (x: Shape, axis: number, keepdims: boolean): Shape =>
  keepdims ? x.map((d, i) => (i === axis ? 1 : d)) : x.filter((_, i) => i !== axis);

export const argmax = defineNnOp({
  name: 'nn.argmax',
  doc: 'Index of the first largest element along `axis`, which stays as 1 with keepdims. May only end a network: the client computes it.',
  operands: ['x'],
  attrs: { axis: 'int', keepdims: 'bool' },
  traits: ['client'],
  shape: ([x], { axis, keepdims }) => axisProblem(x, axis) ?? withoutAxis(x, axis, keepdims),
  eval: ([x], { axis, keepdims }) => {
    const out = zeros(withoutAxis(x.shape, axis, keepdims));
    const [outer, size, inner] = around(x.shape, axis);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        let best = 0;
        for (let k = 1; k < size; k++) {
          if (x.data[(o * size + k) * inner + i] > x.data[(o * size + best) * inner + i]) best = k;
        }
        out.data[o * inner + i] = best;
      }
    }
    return out;
  },
});

export const clientOps: readonly OpDefinition[] = [softmax, argmax];
