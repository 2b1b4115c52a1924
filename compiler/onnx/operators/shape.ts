import { concat, expand, transpose } from '../../../ir/nn/shape.ts';
import { broadcastShapes, range } from '../../../ir/nn/indexing.ts';
import type { ImporterTable, OnnxNode } from '../node.ts';
import { shapeOf, type Operand } from '../operand.ts';
import { axesOf, axisOf, product, reshaped } from './axes.ts';

function flatten(node: OnnxNode): Operand {
  const shape = shapeOf(node.input(0));
  const axis = node.attributes.int('axis', 1);
  const at = axis === shape.length ? axis : axisOf(node, axis, Math.max(shape.length, 1));
  return reshaped(node, node.input(0), [product(shape.slice(0, at)), product(shape.slice(at))]);
}

/** Resolves 0 (keep the dimension) and -1 (what is left). */
function reshape(node: OnnxNode): Operand {
  const x = node.input(0);
  const from = shapeOf(x);
  const asked = node.constantInts(1, 'shape') ?? node.malformed("input 'shape' is missing");
  const allowZero = node.attributes.bool('allowzero', false);
  if (asked.filter((d) => d === -1).length > 1) node.malformed('more than one dimension is -1');
  const kept = asked.map((d, i) => {
    if (d !== 0 || allowZero) return d;
    return from[i] ?? node.malformed(`dimension ${i} of the shape is 0 and the input has no dimension ${i}`);
  });
  const rest = product(kept.filter((d) => d !== -1));
  const left = rest === 0 ? 0 : product(from) / rest;
  return reshaped(
    node,
    x,
    kept.map((d) => (d === -1 ? left : d)),
  );
}

/** The axes of Squeeze and Unsqueeze: an attribute before opset 13, then an input. */
const squeezeAxes = (node: OnnxNode): readonly number[] | undefined =>
  node.opset >= 13 ? node.constantInts(1, 'axes') : node.attributes.ints('axes');

function squeeze(node: OnnxNode): Operand {
  const x = node.input(0);
  const shape = shapeOf(x);
  const given = squeezeAxes(node);
  const axes = given ? axesOf(node, given, shape.length) : range(shape.length).filter((d) => shape[d] === 1);
  if (axes.some((d) => shape[d] !== 1)) node.malformed(`a dimension of [${shape.join(', ')}] to remove is not 1`);
  return reshaped(
    node,
    x,
    shape.filter((_, d) => !axes.includes(d)),
  );
}

function unsqueeze(node: OnnxNode): Operand {
  const x = node.input(0);
  const given = squeezeAxes(node) ?? node.malformed('the axes are missing');
  const rank = shapeOf(x).length + given.length;
  const axes = new Set(axesOf(node, given, rank));
  if (axes.size !== given.length) node.malformed('an axis is given twice');
  const dims = shapeOf(x)[Symbol.iterator]();
  return reshaped(
    node,
    x,
    range(rank).map((d) => (axes.has(d) ? 1 : (dims.next().value ?? 1))),
  );
}

function transposed(node: OnnxNode): Operand {
  const rank = shapeOf(node.input(0)).length;
  return node.emit(transpose, [node.input(0)], { perm: node.attributes.ints('perm', range(rank).reverse()) });
}

function concatenated(node: OnnxNode): Operand {
  const inputs = node.allInputs();
  const axis = node.attributes.int('axis') ?? node.malformed("'axis' is missing");
  return node.emit(concat, inputs, { axis: axisOf(node, axis, shapeOf(inputs[0]).length) });
}

function expanded(node: OnnxNode): Operand {
  const x = node.input(0);
  const asked = node.constantInts(1, 'shape') ?? node.malformed("input 'shape' is missing");
  const shape =
    broadcastShapes(shapeOf(x), asked) ??
    node.malformed(`[${shapeOf(x).join(', ')}] does not expand to [${asked.join(', ')}]`);
  return shape.length === shapeOf(x).length && shape.every((d, i) => d === shapeOf(x)[i])
    ? x
    : node.emit(expand, [x], { shape });
}

/** Dropout passes its input on in inference; its mask output is refused where it is used. */
function dropout(node: OnnxNode): Operand {
  const x = node.input(0);
  const ratio =
    node.opset >= 12 ? (node.constantInput(1, 'ratio')?.data[0] ?? 0.5) : node.attributes.float('ratio', 0.5);
  const training =
    node.opset >= 12
      ? (node.constantInput(2, 'training_mode')?.data[0] ?? 0) !== 0
      : node.opset < 7 && !node.attributes.bool('is_test', false);
  node.attributes.ignore('seed');
  if (training && ratio !== 0)
    node.refuse('the node is in training mode; export the model in inference mode (model.eval() in PyTorch)');
  return x;
}

export const shapeImporters: ImporterTable = {
  Flatten: flatten,
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transposed,
  Concat: concatenated,
  Expand: expanded,
  Identity: (node) => node.input(0),
  Dropout: dropout,
};
