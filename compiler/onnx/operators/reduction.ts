import type { OpDefinition } from '../../../ir/define.ts';
import { reduceMax, reduceMean, reduceSum } from '../../../ir/nn/reduction.ts';
import { range } from '../../../ir/nn/indexing.ts';
import type { Importer, ImporterTable } from '../node.ts';
import { shapeOf } from '../operand.ts';
import { axesOf } from './axes.ts';

/** A reduction whose axes are an attribute before opset `axesAreInput`, then an input. */
const reduction =
  (op: OpDefinition, axesAreInput: number): Importer =>
  (node) => {
    const x = node.input(0);
    const rank = shapeOf(x).length;
    const asInput = node.opset >= axesAreInput;
    const axes = (asInput ? node.constantInts(1, 'axes') : node.attributes.ints('axes')) ?? [];
    const keepdims = node.attributes.bool('keepdims', true);
    const nothing = asInput && node.attributes.bool('noop_with_empty_axes', false);
    if (axes.length === 0 && nothing) return x;
    return node.emit(op, [x], { axes: axes.length > 0 ? axesOf(node, axes, rank) : range(rank), keepdims });
  };

export const reductionImporters: ImporterTable = {
  ReduceSum: reduction(reduceSum, 13),
  ReduceMean: reduction(reduceMean, 18),
  ReduceMax: reduction(reduceMax, 18),
};
