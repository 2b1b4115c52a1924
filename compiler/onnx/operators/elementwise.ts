import type { OpDefinition } from '../../../ir/define.ts';
import { fail } from '../../../ir/diagnostics.ts';
import { add, div, mul, neg, pow, sub } from '../../../ir/nn/elementwise.ts';
import { broadcastShapes } from '../../../ir/nn/indexing.ts';
import { sameShape, scalar, tensor } from '../../../ir/tensor.ts';
import { activationOp } from './activation-op.ts';
import { axisOf, reshaped } from './axes.ts';
import type { ImporterTable, OnnxNode } from '../node.ts';
import { constantOf, shapeOf, type Operand } from '../operand.ts';

/** The two operands, the second one brought into place for opset 6, where broadcasting is asked for and may start at an axis. */
function pair(node: OnnxNode): readonly [Operand, Operand] {
  const [a, b] = [node.input(0), node.input(1)];
  if (node.opset >= 7) return [a, b];
  const asked = node.attributes.bool('broadcast', false);
  const axis = node.attributes.int('axis');
  if (!asked && !sameShape(shapeOf(a), shapeOf(b))) node.malformed('shapes differ and broadcast is not asked for');
  if (!asked || axis === undefined) return [a, b];
  const behind = shapeOf(a).length - axisOf(node, axis, shapeOf(a).length) - shapeOf(b).length;
  if (behind < 0) node.malformed(`axis ${axis} leaves too few dimensions`);
  return [a, reshaped(node, b, [...shapeOf(b), ...new Array<number>(behind).fill(1)])];
}

const binary =
  (op: OpDefinition) =>
  (node: OnnxNode): Operand =>
    node.emit(op, pair(node));

/** a / b. Integers are known here and divide by truncation; an encrypted divisor becomes a reciprocal. */
function divide(node: OnnxNode): Operand {
  const [a, b] = pair(node);
  const known = constantOf(b);
  if (a.kind === 'int') {
    const quotient = constantOf(node.emit(div, [a, b]));
    if (!quotient) fail('FHE0501', 'integer division rounds, which encrypted values cannot', node.loc);
    return node.constant(tensor(quotient.shape, quotient.data.map(Math.trunc)), 'int');
  }
  return known ? node.emit(div, [a, b]) : node.emit(mul, [a, node.emit(activationOp('reciprocal'), [b])]);
}

const maxProductPower = 8;

/** x to the power n >= 1 by squarings: exact, and no approximation. */
function productPower(node: OnnxNode, x: Operand, n: number): Operand {
  if (n === 1) return x;
  const half = productPower(node, x, Math.floor(n / 2));
  const square = node.emit(mul, [half, half]);
  return n % 2 === 0 ? square : node.emit(mul, [square, x]);
}

function power(node: OnnxNode): Operand {
  const [a, b] = pair(node);
  const exponents = constantOf(b);
  const uniform = exponents?.data.every((e) => e === exponents.data[0]) === true && exponents.data.length > 0;
  const keepsShape = sameShape(broadcastShapes(shapeOf(a), shapeOf(b)) ?? [], shapeOf(a));
  if (!exponents || !uniform || !keepsShape || constantOf(a)) return node.emit(pow, [a, b]);
  const exponent = exponents.data[0];
  return Number.isInteger(exponent) && exponent >= 1 && exponent <= maxProductPower
    ? productPower(node, a, exponent)
    : node.emit(activationOp('power'), [a], { exponent });
}

/** max(a, b) = b + relu(a - b), and min by the same on the other side; exact. */
export const largerOf = (node: OnnxNode, a: Operand, b: Operand): Operand =>
  node.emit(add, [b, node.emit(activationOp('relu'), [node.emit(sub, [a, b])])]);
export const smallerOf = (node: OnnxNode, a: Operand, b: Operand): Operand =>
  node.emit(sub, [a, node.emit(activationOp('relu'), [node.emit(sub, [a, b])])]);
const sumOf = (node: OnnxNode, a: Operand, b: Operand): Operand => node.emit(add, [a, b]);

const variadic =
  (combine: (node: OnnxNode, a: Operand, b: Operand) => Operand) =>
  (node: OnnxNode): Operand =>
    node.allInputs().reduce((a, b) => combine(node, a, b));

function mean(node: OnnxNode): Operand {
  const inputs = node.allInputs();
  const sum = inputs.reduce((a, b) => sumOf(node, a, b));
  return node.emit(mul, [sum, node.constant(scalar(1 / inputs.length), 'float')]);
}

export const elementwiseImporters: ImporterTable = {
  Add: binary(add),
  Sub: binary(sub),
  Mul: binary(mul),
  Div: divide,
  Pow: power,
  Neg: (node) => node.emit(neg, [node.input(0)]),
  Sum: variadic(sumOf),
  Mean: mean,
  Max: variadic(largerOf),
  Min: variadic(smallerOf),
};
