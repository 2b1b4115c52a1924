import type { OnnxNode } from '../node.ts';
import { shapeOf, type Operand } from '../operand.ts';
import { reshape } from '../../../ir/nn/shape.ts';
import { elementCount, sameShape } from '../../../ir/tensor.ts';

/** An axis of a tensor of this rank, counted from its end when negative. */
export function axisOf(node: OnnxNode, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  return at >= 0 && at < rank ? at : node.malformed(`axis ${axis} is not a dimension of a tensor of rank ${rank}`);
}

export const axesOf = (node: OnnxNode, axes: readonly number[], rank: number): number[] =>
  axes.map((a) => axisOf(node, a, rank));

/** `x` in another shape; the same value where the shape is the same. */
export const reshaped = (node: OnnxNode, x: Operand, shape: readonly number[]): Operand =>
  sameShape(shapeOf(x), shape) ? x : node.emit(reshape, [x], { shape });

export const product = (dims: readonly number[]): number => elementCount(dims);
