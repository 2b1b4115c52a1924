import { gather, slice } from '../../../ir/nn/shape.ts';
import { pad } from '../../../ir/nn/padding.ts';
import { range } from '../../../ir/nn/indexing.ts';
import type { ImporterTable, OnnxNode } from '../node.ts';
import { shapeOf, type Operand } from '../operand.ts';
import { axesOf, axisOf, reshaped } from './axes.ts';

/** Bounds and axes of Slice: attributes before opset 10, then inputs. */
function sliced(node: OnnxNode): Operand {
  const x = node.input(0);
  const list = (i: number, name: string): readonly number[] | undefined =>
    node.opset >= 10 ? node.constantInts(i, name) : node.attributes.ints(name);
  const starts = list(1, 'starts') ?? node.malformed("'starts' is missing");
  const ends = list(2, 'ends') ?? node.malformed("'ends' is missing");
  const axes = axesOf(node, list(3, 'axes') ?? range(starts.length), shapeOf(x).length);
  const steps = (node.opset >= 10 ? node.constantInts(4, 'steps') : undefined) ?? starts.map(() => 1);
  return node.emit(slice, [x], { starts, ends, axes, steps });
}

/** Sizes of the parts of Split: given, or equal ones, the last smaller where `num_outputs` (opset 18) does not divide. */
function splitSizes(node: OnnxNode, size: number): readonly number[] {
  const given = node.opset >= 13 ? node.constantInts(1, 'split') : node.attributes.ints('split');
  const count = node.outputs.length;
  const declared = node.opset >= 18 ? node.attributes.int('num_outputs') : undefined;
  if (given) return given;
  if (declared !== undefined && declared !== count) node.malformed(`num_outputs is ${declared} for ${count} outputs`);
  if (declared === undefined && size % count !== 0)
    node.malformed(`${size} elements do not split into ${count} equal parts`);
  const part = Math.ceil(size / count);
  return range(count).map((i) => Math.max(0, Math.min(part, size - i * part)));
}

function split(node: OnnxNode): readonly Operand[] {
  const x = node.input(0);
  const axis = axisOf(node, node.attributes.int('axis', 0), shapeOf(x).length);
  const size = shapeOf(x)[axis];
  const sizes = splitSizes(node, size);
  if (sizes.length !== node.outputs.length || sizes.some((s) => s < 0) || sizes.reduce((a, b) => a + b, 0) !== size) {
    node.malformed(`parts [${sizes.join(', ')}] for ${node.outputs.length} outputs of ${size} elements`);
  }
  let start = 0;
  return sizes.map((length) => {
    const bounds = { starts: [start], ends: [start + length] };
    start += length;
    return node.emit(slice, [x], { ...bounds, axes: [axis], steps: [1] });
  });
}

/** Gather with indices that are known: a selection along one dimension, in the shape of the indices. */
function gathered(node: OnnxNode): Operand {
  const x = node.input(0);
  const shape = shapeOf(x);
  const axis = axisOf(node, node.attributes.int('axis', 0), shape.length);
  const chosen = node.constantInput(1, 'indices') ?? node.malformed("input 'indices' is missing");
  const indices = Array.from(chosen.data, (i) => (i < 0 ? i + shape[axis] : i));
  const selected = node.emit(gather, [x], { axis, indices });
  return reshaped(node, selected, [...shape.slice(0, axis), ...chosen.shape, ...shape.slice(axis + 1)]);
}

/** Pads of every dimension: an attribute before opset 11, then an input, from opset 18 on for some axes. */
function padded(node: OnnxNode): Operand {
  const x = node.input(0);
  const rank = shapeOf(x).length;
  const mode = node.attributes.string('mode', 'constant');
  const inputs = node.opset >= 11;
  const given =
    (inputs ? node.constantInts(1, 'pads') : node.attributes.ints('pads')) ?? node.malformed("'pads' is missing");
  const value = (inputs ? node.constantInput(2, 'constant_value')?.data[0] : node.attributes.float('value')) ?? 0;
  const axes = axesOf(node, (node.opset >= 18 ? node.constantInts(3, 'axes') : undefined) ?? range(rank), rank);
  if (given.length !== 2 * axes.length)
    node.malformed(`'pads' has ${given.length} numbers for ${axes.length} dimensions`);
  const pads = new Array<number>(2 * rank).fill(0);
  axes.forEach((d, i) => {
    pads[d] = given[i];
    pads[d + rank] = given[i + axes.length];
  });
  return node.emit(pad, [x], { pads, mode, value });
}

export const selectionImporters: ImporterTable = {
  Slice: sliced,
  Split: split,
  Gather: gathered,
  Pad: padded,
};
