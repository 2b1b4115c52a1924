import type { OpDefinition, Trait } from '../define.ts';
import { tensor } from '../tensor.ts';
import { defineNnOp } from './define.ts';
import { broadcastShapes, broadcastStrides, formatShape, stridedIndices } from './indexing.ts';

export const constant = defineNnOp({
  name: 'nn.constant',
  doc: 'A tensor that is known at compile time: a weight, a bias, a shape.',
  operands: [],
  attrs: { value: 'tensor' },
  shape: (_, { value }) => value.shape,
  eval: (_, { value }) => value,
});

function binary(
  name: string,
  doc: string,
  traits: readonly Trait[],
  f: (a: number, b: number) => number,
): OpDefinition {
  return defineNnOp({
    name: `nn.${name}`,
    doc: `${doc} The operands broadcast by the numpy rules.`,
    operands: ['a', 'b'],
    attrs: {},
    traits,
    shape: ([a, b]) => broadcastShapes(a, b) ?? `shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast`,
    eval: ([a, b]) => {
      const shape = broadcastShapes(a.shape, b.shape) ?? [];
      const left = stridedIndices(shape, broadcastStrides(a.shape, shape));
      const right = stridedIndices(shape, broadcastStrides(b.shape, shape));
      const out = new Float64Array(left.length);
      for (let i = 0; i < out.length; i++) out[i] = f(a.data[left[i]], b.data[right[i]]);
      return tensor(shape, out);
    },
  });
}

export const add = binary('add', 'a + b.', ['linear', 'commutative'], (a, b) => a + b);
export const sub = binary('sub', 'a - b.', ['linear'], (a, b) => a - b);
export const mul = binary('mul', 'a * b.', ['linear', 'commutative'], (a, b) => a * b);
export const div = binary('div', 'a / b; a zero divisor gives what IEEE 754 gives.', ['linear'], (a, b) => a / b);
export const pow = binary('pow', 'a to the power b.', [], Math.pow);

export const neg = defineNnOp({
  name: 'nn.neg',
  doc: '-x.',
  operands: ['x'],
  attrs: {},
  traits: ['linear'],
  shape: ([x]) => x,
  eval: ([x]) =>
    tensor(
      x.shape,
      x.data.map((v) => -v),
    ),
});

export const elementwiseOps: readonly OpDefinition[] = [constant, add, sub, mul, div, pow, neg];
