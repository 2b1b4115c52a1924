import { fail } from '../../../ir/diagnostics.ts';
import { broadcastShapes, broadcastStrides, stridedIndices } from '../../../ir/nn/indexing.ts';
import { expand } from '../../../ir/nn/shape.ts';
import { elementCount, scalar, tensor, type Tensor } from '../../../ir/tensor.ts';
import { elementType, type ElementKind } from '../elements.ts';
import type { Importer, ImporterTable, OnnxNode } from '../node.ts';
import { constantOf, shapeOf, type Operand } from '../operand.ts';

function constant(node: OnnxNode): Operand {
  const a = node.attributes;
  const whole = a.tensor('value');
  if (whole) return node.constant(whole.tensor, whole.kind);
  const [float, floats, int, ints] = [
    a.float('value_float'),
    a.floats('value_floats'),
    a.int('value_int'),
    a.ints('value_ints'),
  ];
  if (float !== undefined) return node.constant(scalar(float), 'float');
  if (floats) return node.constant(tensor([floats.length], floats), 'float');
  if (int !== undefined) return node.constant(scalar(int), 'int');
  if (ints) return node.constant(tensor([ints.length], ints), 'int');
  return node.refuse('it holds neither a tensor nor numbers');
}

function constantOfShape(node: OnnxNode): Operand {
  const shape = node.constantInts(0, 'input') ?? node.malformed('the shape is missing');
  const value = node.attributes.tensor('value') ?? { tensor: scalar(0), kind: 'float' };
  if (value.tensor.data.length !== 1) node.malformed('the value must be one number');
  return node.emit(expand, [node.constant(scalar(value.tensor.data[0]), value.kind)], { shape });
}

function shape(node: OnnxNode): Operand {
  const dims = shapeOf(node.input(0));
  const [start, end] = [node.attributes.int('start', 0), node.attributes.int('end', dims.length)];
  const part = dims.slice(start, end);
  return node.constant(tensor([part.length], part), 'int');
}

const maxRange = 2 ** 24;

function rangeOf(node: OnnxNode): Operand {
  const [start, limit, delta] = ['start', 'limit', 'delta'].map(
    (name, i) => node.constantInput(i, name)?.data[0] ?? node.malformed(`input '${name}' is missing`),
  );
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  if (!(count <= maxRange)) fail('FHE0205', `Range: ${count} elements are too many`, node.loc);
  return node.constant(
    tensor(
      [count],
      Float64Array.from({ length: count }, (_, i) => start + i * delta),
    ),
    node.input(0).kind,
  );
}

const conversions: Readonly<Record<ElementKind, (x: number) => number>> = {
  float: (x) => x,
  int: Math.trunc,
  bool: (x) => (x === 0 ? 0 : 1),
};

/** Reals stay what they are; a known value is cut to an integer or a truth value, an encrypted one cannot be. */
function cast(node: OnnxNode): Operand {
  const x = node.input(0);
  const to = node.attributes.int('to', 0);
  const type = elementType(to) ?? node.refuse(`element type ${to} has no real values here`);
  node.attributes.ignore('saturate');
  node.attributes.ignore('round_mode');
  const known = constantOf(x);
  if (known) return node.constant(tensor(known.shape, known.data.map(conversions[type.kind])), type.kind);
  const keeps = type.kind === 'float' || type.kind === x.kind || (type.kind === 'int' && x.kind === 'bool');
  if (!keeps) fail('FHE0501', `Cast: an encrypted value cannot be rounded to ${type.name}`, node.loc);
  return { value: x.value, kind: type.kind };
}

const inputNames = ['a', 'b', 'c'];

/** An operator on known values only: shape arithmetic. The operands broadcast; `kind` is that of the result, or the number of the input it comes from. */
const known =
  (f: (...values: number[]) => number, count: number, kind: ElementKind | number): Importer =>
  (node) => {
    const operands = inputNames.slice(0, count).map((_, i) => node.input(i));
    const values = operands.map((o): Tensor => {
      const value = constantOf(o);
      return value ?? fail('FHE0501', `${node.operator} of a value that depends on an input of the network`, node.loc);
    });
    const result = values.reduce<readonly number[]>(
      (s, v) => broadcastShapes(s, v.shape) ?? node.malformed('the inputs do not broadcast'),
      [],
    );
    if (elementCount(result) > maxRange)
      fail('FHE0205', `${node.operator}: the constant that it computes is too large`, node.loc);
    const sources = values.map((v) => stridedIndices(result, broadcastStrides(v.shape, result)));
    const data = new Float64Array(elementCount(result));
    for (let i = 0; i < data.length; i++) data[i] = f(...values.map((v, k) => v.data[sources[k][i]]));
    return node.constant(tensor(result, data), typeof kind === 'number' ? operands[kind].kind : kind);
  };

const truth = (b: boolean): number => (b ? 1 : 0);

/** Operators that make constants or work on known values only. */
export const constantImporters: ImporterTable = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Shape: shape,
  Size: (node) => node.constant(scalar(elementCount(shapeOf(node.input(0)))), 'int'),
  Range: rangeOf,
  Cast: cast,
  Floor: known(Math.floor, 1, 0),
  Ceil: known(Math.ceil, 1, 0),
  Equal: known((a, b) => truth(a === b), 2, 'bool'),
  Greater: known((a, b) => truth(a > b), 2, 'bool'),
  Less: known((a, b) => truth(a < b), 2, 'bool'),
  Not: known((a) => truth(a === 0), 1, 'bool'),
  Where: known((c, a, b) => (c === 0 ? b : a), 3, 1),
};
