import type { OpDefinition } from '../define.ts';
import { elementCount, sameShape, strides, tensor, zeros } from '../tensor.ts';
import { defineNnOp, type Shape } from './define.ts';
import {
  around,
  broadcastShapes,
  broadcastStrides,
  formatShape,
  gatherElements,
  pickedIndices,
  range,
  stridedIndices,
  validAxes,
} from './indexing.ts';

const validShape = (shape: Shape): boolean => shape.every((d) => d >= 0);

export const reshape = defineNnOp({
  name: 'nn.reshape',
  doc: 'The elements of x in row-major order as a tensor of `shape`.',
  operands: ['x'],
  attrs: { shape: 'ints' },
  traits: ['linear', 'movement'],
  shape: ([x], { shape }) =>
    validShape(shape) && elementCount(shape) === elementCount(x)
      ? shape
      : `${formatShape(x)} cannot become ${formatShape(shape)}`,
  eval: ([x], { shape }) => tensor(shape, x.data),
});

export const transpose = defineNnOp({
  name: 'nn.transpose',
  doc: 'Dimension i of the result is dimension perm[i] of x.',
  operands: ['x'],
  attrs: { perm: 'ints' },
  traits: ['linear', 'movement'],
  shape: ([x], { perm }) =>
    perm.length === x.length && validAxes(perm, x.length)
      ? perm.map((p) => x[p])
      : `perm ${formatShape(perm)} does not order ${x.length} dimensions`,
  eval: ([x], { perm }) => {
    const steps = strides(x.shape);
    const shape = perm.map((p) => x.shape[p]);
    return gatherElements(
      x,
      shape,
      stridedIndices(
        shape,
        perm.map((p) => steps[p]),
      ),
    );
  },
});

export const concat = defineNnOp({
  name: 'nn.concat',
  doc: 'The inputs one after another along `axis`; the other dimensions agree.',
  operands: ['inputs...'],
  attrs: { axis: 'int' },
  traits: ['linear', 'movement'],
  shape: (inputs, { axis }) => {
    if (inputs.length === 0) return 'needs an input';
    const [first] = inputs;
    if (!validAxes([axis], first.length)) return `axis ${axis} is not a dimension of ${formatShape(first)}`;
    const total = inputs.reduce((sum, s) => sum + s[axis], 0);
    const rest = (s: Shape): Shape => s.map((d, i) => (i === axis ? 0 : d));
    const odd = inputs.find((s) => !sameShape(rest(s), rest(first)));
    return odd
      ? `${formatShape(odd)} does not fit ${formatShape(first)}`
      : first.map((d, i) => (i === axis ? total : d));
  },
  eval: (inputs, { axis }) => {
    const [first] = inputs;
    const total = inputs.reduce((sum, x) => sum + x.shape[axis], 0);
    const out = zeros(first.shape.map((d, i) => (i === axis ? total : d)));
    const [outer, , inner] = around(first.shape, axis);
    let at = 0;
    for (const x of inputs) {
      const size = x.shape[axis] * inner;
      for (let o = 0; o < outer; o++) out.data.set(x.data.subarray(o * size, (o + 1) * size), o * total * inner + at);
      at += size;
    }
    return out;
  },
});

const clamp = (v: number, low: number, high: number): number => Math.min(Math.max(v, low), high);

/** First index and number of the indices start, start + step, ... before end along a dimension: negative bounds count from its end, all are clamped (numpy, ONNX Slice). */
function sliceRange(size: number, start: number, end: number, step: number): readonly [number, number] {
  const fromEnd = (v: number): number => (v < 0 ? v + size : v);
  const first = step > 0 ? clamp(fromEnd(start), 0, size) : clamp(fromEnd(start), 0, size - 1);
  const last = step > 0 ? clamp(fromEnd(end), 0, size) : clamp(fromEnd(end), -1, size - 1);
  return [first, Math.max(0, Math.ceil((last - first) / step))];
}

interface SliceAttrs {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes: readonly number[];
  readonly steps: readonly number[];
}

const sliceRanges = (x: Shape, a: SliceAttrs): (readonly [first: number, count: number, step: number])[] =>
  x.map((size, d) => {
    const i = a.axes.indexOf(d);
    return i < 0 ? [0, size, 1] : [...sliceRange(size, a.starts[i], a.ends[i], a.steps[i]), a.steps[i]];
  });

export const slice = defineNnOp({
  name: 'nn.slice',
  doc: 'Elements starts[i], starts[i] + steps[i], ... before ends[i] along axes[i] (0 to rank - 1). Negative bounds count from the end; all are clamped.',
  operands: ['x'],
  attrs: { starts: 'ints', ends: 'ints', axes: 'ints', steps: 'ints' },
  traits: ['linear', 'movement'],
  shape: ([x], a) => {
    const count = a.axes.length;
    if ([a.starts, a.ends, a.steps].some((l) => l.length !== count)) return `each list must have ${count} numbers`;
    if (!validAxes(a.axes, x.length))
      return `axes ${formatShape(a.axes)} are not distinct dimensions of ${formatShape(x)}`;
    return a.steps.includes(0) ? 'a step is 0' : sliceRanges(x, a).map(([, count]) => count);
  },
  eval: ([x], a) => {
    const picks = sliceRanges(x.shape, a).map(([first, count, step]) => range(count).map((i) => first + i * step));
    return gatherElements(
      x,
      picks.map((p) => p.length),
      pickedIndices(x.shape, picks),
    );
  },
});

export const gather = defineNnOp({
  name: 'nn.gather',
  doc: 'Index j along `axis` of the result is index indices[j] of x, from 0 to its size - 1.',
  operands: ['x'],
  attrs: { axis: 'int', indices: 'ints' },
  traits: ['linear', 'movement'],
  shape: ([x], { axis, indices }) => {
    if (!validAxes([axis], x.length)) return `axis ${axis} is not a dimension of ${formatShape(x)}`;
    const outside = indices.find((i) => i < 0 || i >= x[axis]);
    return outside === undefined
      ? x.map((d, i) => (i === axis ? indices.length : d))
      : `index ${outside} is outside dimension ${axis} of ${formatShape(x)}`;
  },
  eval: ([x], { axis, indices }) => {
    const picks = x.shape.map((d, i) => (i === axis ? indices : range(d)));
    return gatherElements(
      x,
      picks.map((p) => p.length),
      pickedIndices(x.shape, picks),
    );
  },
});

export const expand = defineNnOp({
  name: 'nn.expand',
  doc: 'x repeated along its dimensions of size 1, and along new leading ones, to `shape` (numpy broadcasting to a fixed shape).',
  operands: ['x'],
  attrs: { shape: 'ints' },
  traits: ['linear', 'movement'],
  shape: ([x], { shape }) => {
    const result = validShape(shape) ? broadcastShapes(x, shape) : undefined;
    return result && sameShape(result, shape) ? shape : `${formatShape(x)} does not broadcast to ${formatShape(shape)}`;
  },
  eval: ([x], { shape }) => gatherElements(x, shape, stridedIndices(shape, broadcastStrides(x.shape, shape))),
});

export const shapeOps: readonly OpDefinition[] = [reshape, transpose, concat, slice, gather, expand];
