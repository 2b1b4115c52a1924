import { argmax, softmax } from '../../../ir/nn/client.ts';
import type { ImporterTable, OnnxNode } from '../node.ts';
import { shapeOf, type Operand } from '../operand.ts';
import { axisOf, product, reshaped } from './axes.ts';

/** Softmax along one dimension; before opset 13 over all dimensions from the axis on, as one. */
function softmaxOf(node: OnnxNode): Operand {
  const x = node.input(0);
  const shape = shapeOf(x);
  const axis = axisOf(node, node.attributes.int('axis', node.opset >= 13 ? -1 : 1), shape.length);
  if (node.opset >= 13) return node.emit(softmax, [x], { axis });
  const wide = shape.map((d, i) => ({ d, i })).filter(({ d, i }) => i >= axis && d !== 1);
  if (wide.length <= 1) return node.emit(softmax, [x], { axis: wide[0]?.i ?? axis });
  const flat = reshaped(node, x, [product(shape.slice(0, axis)), product(shape.slice(axis))]);
  return reshaped(node, node.emit(softmax, [flat], { axis: 1 }), shape);
}

function argmaxOf(node: OnnxNode): Operand {
  const x = node.input(0);
  const axis = axisOf(node, node.attributes.int('axis', 0), shapeOf(x).length);
  if (node.attributes.bool('select_last_index', false))
    node.refuse('select_last_index = 1; only the first index can be selected');
  const index = node.emit(argmax, [x], { axis, keepdims: node.attributes.bool('keepdims', true) });
  return { value: index.value, kind: 'int' };
}

export const clientImporters: ImporterTable = {
  Softmax: softmaxOf,
  ArgMax: argmaxOf,
};
