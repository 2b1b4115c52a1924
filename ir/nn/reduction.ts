import type { OpDefinition, Trait } from '../define.ts';
import { elementCount, strides, tensor, type Tensor } from '../tensor.ts';
import { defineNnOp, type Shape } from './define.ts';
import { formatShape, stridedIndices, validAxes } from './indexing.ts';

const kept = (x: Shape, axes: readonly number[]): Shape => x.map((d, i) => (axes.includes(i) ? 1 : d));

function reducedShape(x: Shape, axes: readonly number[], keepdims: boolean): Shape | string {
  if (!validAxes(axes, x.length)) return `axes ${formatShape(axes)} are not distinct dimensions of ${formatShape(x)}`;
  return keepdims ? kept(x, axes) : x.filter((_, i) => !axes.includes(i));
}

function reduction(
  name: string,
  doc: string,
  traits: readonly Trait[],
  initial: number,
  combine: (accumulated: number, x: number) => number,
  finish: (accumulated: number, count: number) => number,
): OpDefinition {
  return defineNnOp({
    name: `nn.${name}`,
    doc: `${doc} over \`axes\` (0 to rank - 1), which stay as 1 with keepdims.`,
    operands: ['x'],
    attrs: { axes: 'ints', keepdims: 'bool' },
    traits,
    shape: ([x], { axes, keepdims }) => reducedShape(x, axes, keepdims),
    eval: ([x], { axes, keepdims }): Tensor => {
      const wide = kept(x.shape, axes);
      const steps = strides(wide).map((s, i) => (axes.includes(i) ? 0 : s));
      const target = stridedIndices(x.shape, steps);
      const out = new Float64Array(elementCount(wide)).fill(initial);
      for (let i = 0; i < target.length; i++) out[target[i]] = combine(out[target[i]], x.data[i]);
      const count = x.data.length / out.length;
      return tensor(
        keepdims ? wide : x.shape.filter((_, i) => !axes.includes(i)),
        out.map((v) => finish(v, count)),
      );
    },
  });
}

const same = (v: number): number => v;

export const reduceSum = reduction('reduce_sum', 'Sum', ['linear'], 0, (a, x) => a + x, same);
export const reduceMean = reduction(
  'reduce_mean',
  'Mean',
  ['linear'],
  0,
  (a, x) => a + x,
  (a, n) => a / n,
);
export const reduceMax = reduction('reduce_max', 'Maximum', [], -Infinity, Math.max, same);

export const reductionOps: readonly OpDefinition[] = [reduceSum, reduceMean, reduceMax];
