import { elementCount, strides, tensor, type Tensor } from '../tensor.ts';
import type { Shape } from './define.ts';

/** The shape that two shapes broadcast to by the numpy rules, or undefined when they do not fit. */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const result = new Array<number>(rank).fill(1);
  for (let i = 0; i < rank; i++) {
    const p = a[a.length - rank + i] ?? 1;
    const q = b[b.length - rank + i] ?? 1;
    if (p !== q && p !== 1 && q !== 1) return undefined;
    result[i] = p === 1 ? q : p;
  }
  return result;
}

/** Strides that read a tensor of `from` as one of `to`, a shape that it broadcasts to: 0 along repeated dimensions. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const own = strides(from);
  const lead = to.length - from.length;
  return to.map((_, i) => (i < lead || from[i - lead] === 1 ? 0 : own[i - lead]));
}

/** For each element of `shape` in row-major order: `base` plus the dot product of its index with `steps`. */
export function stridedIndices(shape: Shape, steps: readonly number[], base = 0): Int32Array {
  let result = Int32Array.of(base);
  shape.forEach((size, dim) => {
    const next = new Int32Array(result.length * size);
    for (let i = 0, n = 0; i < result.length; i++) {
      for (let j = 0; j < size; j++) next[n++] = result[i] + j * steps[dim];
    }
    result = next;
  });
  return result;
}

/** As {@link stridedIndices} where index j of dimension d stands for index `picks[d][j]` of a tensor of shape `from`; a pick below 0 gives -1. */
export function pickedIndices(from: Shape, picks: readonly (readonly number[])[]): Int32Array {
  const steps = strides(from);
  let result = Int32Array.of(0);
  picks.forEach((pick, dim) => {
    const next = new Int32Array(result.length * pick.length);
    for (let i = 0, n = 0; i < result.length; i++) {
      for (const p of pick) next[n++] = result[i] < 0 || p < 0 ? -1 : result[i] + p * steps[dim];
    }
    result = next;
  });
  return result;
}

/** The tensor of `shape` whose element i is `x.data[source[i]]`, or `missing` where the source is negative. */
export function gatherElements(x: Tensor, shape: Shape, source: Int32Array, missing = 0): Tensor {
  const out = new Float64Array(source.length);
  for (let i = 0; i < out.length; i++) out[i] = source[i] < 0 ? missing : x.data[source[i]];
  return tensor(shape, out);
}

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Whether `axes` are distinct dimensions of a tensor of this rank, each from 0 to rank - 1. */
export const validAxes = (axes: readonly number[], rank: number): boolean =>
  new Set(axes).size === axes.length && axes.every((a) => a >= 0 && a < rank);

export const formatShape = (shape: Shape): string => `[${shape.join(', ')}]`;

/** [outer, size, inner] of a tensor around one dimension. */
export const around = (shape: Shape, axis: number): readonly [number, number, number] => [
  elementCount(shape.slice(0, axis)),
  shape[axis],
  elementCount(shape.slice(axis + 1)),
];
