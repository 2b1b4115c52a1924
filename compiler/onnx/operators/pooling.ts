import type { Attrs } from '../../../ir/define.ts';
import { averagePool, maxPool } from '../../../ir/nn/pooling.ts';
import { reduceMean } from '../../../ir/nn/reduction.ts';
import { range } from '../../../ir/nn/indexing.ts';
import type { ImporterTable, OnnxNode } from '../node.ts';
import { shapeOf, type Operand } from '../operand.ts';
import { samePaddingOf, slidingAttributes } from './sliding.ts';

function poolAttributes(node: OnnxNode): Attrs {
  const input = shapeOf(node.input(0)).slice(2);
  const kernel = node.attributes.ints('kernel_shape') ?? node.malformed("'kernel_shape' is missing");
  if (kernel.length !== input.length) node.malformed(`kernel_shape must have ${input.length} numbers`);
  const ceil = node.attributes.bool('ceil_mode', false);
  return { kernel, ...slidingAttributes(node, kernel, samePaddingOf(input)), ceil };
}

/** The storage order only numbers the indices, an output that import refuses where it is used. */
function maximum(node: OnnxNode): Operand {
  node.attributes.ignore('storage_order');
  return node.emit(maxPool, [node.input(0)], poolAttributes(node));
}

function average(node: OnnxNode): Operand {
  const count_include_pad = node.attributes.bool('count_include_pad', false);
  return node.emit(averagePool, [node.input(0)], { ...poolAttributes(node), count_include_pad });
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
