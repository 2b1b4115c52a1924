import { averagePool, maxPool } from '../../../ir/nn/pooling.ts';
import { reduceMean } from '../../../ir/nn/reduction.ts';
import { range } from '../../../ir/nn/indexing.ts';
import { windowOutput } from '../../../ir/nn/window.ts';
import type { ImporterTable, OnnxNode } from '../node.ts';
import { shapeOf, type Operand } from '../operand.ts';
import { samePaddingOf, slidingAttributes, type SlidingAttributes } from './sliding.ts';

interface PoolAttributes extends SlidingAttributes {
  readonly kernel: readonly number[];
  readonly ceil: boolean;
}

function poolAttributes(node: OnnxNode): PoolAttributes {
  const input = shapeOf(node.input(0)).slice(2);
  const kernel = node.attributes.ints('kernel_shape') ?? node.malformed("'kernel_shape' is missing");
  if (kernel.length !== input.length) node.malformed(`kernel_shape must have ${input.length} numbers`);
  const ceil = node.attributes.bool('ceil_mode', false);
  return { kernel, ...slidingAttributes(node, kernel, samePaddingOf(input)), ceil };
}

/** The storage order only numbers the indices, an output that import refuses where it is used. */
function maximum(node: OnnxNode): Operand {
  node.attributes.ignore('storage_order');
  return node.emit(maxPool, [node.input(0)], { ...poolAttributes(node) });
}

/**
 * With ceil_mode and count_include_pad a last window may reach beyond the padding, and the specification does not say whether what it reads
 * there counts. The official test vector of ONNX 1.16 counts it, and models below this opset follow that; from it on only padding
 * counts. Where the boundary lies is our choice.
 */
const countsPaddingOnly = 22;

/** End pads that the last windows reach, at least the given ones: what they read beyond the padding then counts as padding. */
function reachedPads(input: readonly number[], a: SlidingAttributes, kernel: readonly number[]): number[] {
  const rank = kernel.length;
  return a.pads.map((pad, i) => {
    if (i < rank) return pad;
    const d = i - rank;
    const outputs = windowOutput(input[d], { ...a, kernel }, d, true);
    const reach = (kernel[d] - 1) * a.dilations[d] + 1;
    return Math.max(pad, (outputs - 1) * a.strides[d] + reach - input[d] - a.pads[d]);
  });
}

function average(node: OnnxNode): Operand {
  const { kernel, ceil, ...sliding } = poolAttributes(node);
  const count_include_pad = node.attributes.bool('count_include_pad', false);
  const input = shapeOf(node.input(0)).slice(2);
  const widens = ceil && count_include_pad && node.opset < countsPaddingOnly;
  const pads = widens ? reachedPads(input, sliding, kernel) : sliding.pads;
  return node.emit(averagePool, [node.input(0)], { kernel, ceil, ...sliding, pads, count_include_pad });
}

/** A global maximum is a max pool whose window is the whole plane. */
function globalMaximum(node: OnnxNode): Operand {
  const kernel = shapeOf(node.input(0)).slice(2);
  const ones = kernel.map(() => 1);
  const pads = [...kernel, ...kernel].map(() => 0);
  return node.emit(maxPool, [node.input(0)], { kernel, strides: ones, dilations: ones, pads, ceil: false });
}

function globalAverage(node: OnnxNode): Operand {
  const rank = shapeOf(node.input(0)).length;
  return node.emit(reduceMean, [node.input(0)], { axes: range(rank).slice(2), keepdims: true });
}

export const poolingImporters: ImporterTable = {
  MaxPool: maximum,
  AveragePool: average,
  GlobalMaxPool: globalMaximum,
  GlobalAveragePool: globalAverage,
};
