import type { Builder } from '../../ir/builder.ts';
import { derivedLoc, fail } from '../../ir/diagnostics.ts';
import type { Func, Value } from '../../ir/module.ts';
import { findActivation } from '../../ir/nn/activations.ts';
import { constant, div, mul, pow } from '../../ir/nn/elementwise.ts';
import { linear } from '../../ir/nn/linear.ts';
import { polynomial } from '../../ir/nn/polynomial.ts';
import { maxPool } from '../../ir/nn/pooling.ts';
import { reduceMax } from '../../ir/nn/reduction.ts';
import { refresh } from '../../ir/nn/refresh.ts';
import { registry } from '../../ir/registry.ts';
import { rewriteFunc, type Rewriter } from '../../ir/rewrite.ts';
import { elementCount, sameShape, tensor, zeros, type Tensor } from '../../ir/tensor.ts';
import { definePass } from '../define-pass.ts';
import { createLinear, linearAttrs, shapeOf } from './linear-op.ts';
import { broadcastMatrix } from './linear-forms/elementwise.ts';
import { linearForms } from './linear-forms/table.ts';

const passName = 'linearize';
const canonical: ReadonlySet<string> = new Set([polynomial.name, refresh.name]);

/** The value broadcast to `shape`; itself where it has that shape. */
function broadcast(builder: Builder, value: Value, shape: readonly number[], op: Value): Value {
  const from = shapeOf(value);
  if (sameShape(from, shape)) return value;
  return createLinear(builder, [value], [broadcastMatrix(from, shape)], shape, derivedLoc(passName, op.loc));
}

function multiply(builder: Builder, op: Value, a: Value, b: Value): Value {
  const shape = shapeOf(op);
  return builder.create(mul, [broadcast(builder, a, shape, op), broadcast(builder, b, shape, op)], {}, op.loc);
}

const activate = (
  builder: Builder,
  op: Value,
  name: string,
  x: Value,
  attrs: Readonly<Record<string, number>> = {},
): Value => builder.create(registry.get(`nn.${name}`), [x], attrs, op.loc);

/** x to a constant exponent, on a value of the result's shape. */
function power(builder: Builder, op: Value, x: Value, exponents: Tensor | undefined): Value {
  if (!exponents) fail('FHE0501', 'the exponent depends on the input; only constant exponents are supported', op.loc);
  const exponent = exponents.data[0];
  if (exponents.data.some((e) => e !== exponent))
    fail('FHE0501', 'the exponent differs between elements; split the node into one for each exponent', op.loc);
  const base = broadcast(builder, x, shapeOf(op), op);
  if (exponent === 0) return createLinear(builder, [], [], shapeOf(op), op.loc, filled(shapeOf(op), 1));
  if (exponent === 1) return base;
  if (exponent === 2) return multiply(builder, op, base, base);
  if (exponent === 3) return multiply(builder, op, multiply(builder, op, base, base), base);
  if (exponent === 0.5) return activate(builder, op, 'sqrt', base);
  if (exponent === -1) return activate(builder, op, 'reciprocal', base);
  return activate(builder, op, 'power', base, { exponent });
}

function filled(shape: readonly number[], value: number): Tensor {
  const result = zeros(shape);
  result.data.fill(value);
  return result;
}

function linearise(
  builder: Builder,
  op: Value,
  operands: readonly Value[],
  constants: readonly (Tensor | undefined)[],
): Value {
  const formOf = linearForms.get(op.op);
  if (op.op === maxPool.name || op.op === reduceMax.name)
    fail('FHE0304', `${op.op} must be expanded first (--pass expand-max-pool)`, op.loc);
  if (!formOf) fail('FHE0501', `'${op.op}' cannot be computed on encrypted data`, op.loc);
  const { matrices, bias } = formOf({ op, constants });
  const shape = shapeOf(op);
  const inputs = [...matrices.keys()].map((i) => operands[i]);
  const offset = bias ? tensor(shape, bias) : zeros(shape);
  const bad = offset.data.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) fail('FHE0501', `a constant gives ${offset.data[bad]} for element ${bad}`, op.loc);
  return createLinear(builder, inputs, [...matrices.values()], shape, op.loc, offset);
}

/** Rewrites one op of which at least one operand is encrypted. */
function rewriteEncrypted(op: Value, { builder, mapped }: Rewriter, constants: readonly (Tensor | undefined)[]): Value {
  const operands = op.operands.map(mapped);
  if (findActivation(op.op) || canonical.has(op.op)) return builder.copy(op, operands);
  if (op.op === linear.name) return builder.copy(op, operands);
  if (op.op === mul.name && constants.every((c) => !c)) return multiply(builder, op, operands[0], operands[1]);
  if (op.op === div.name && !constants[1]) {
    const inverse = activate(builder, op, 'reciprocal', operands[1]);
    if (!constants[0]) return multiply(builder, op, operands[0], inverse);
    const weights = div.eval([constants[0], filled(shapeOf(operands[1]), 1)], {});
    const scaled = builder.create(constant, [], { value: weights }, op.loc);
    const scaledInverse = builder.create(mul, [scaled, inverse], {}, op.loc);
    return linearise(builder, scaledInverse, [scaled, inverse], [weights, undefined]);
  }
  if (op.op === pow.name) return power(builder, op, operands[0], constants[1]);
  return linearise(builder, op, operands, constants);
}

function linearizeFunc(func: Func): Func {
  const known = new Map<Value, Tensor>();
  return rewriteFunc(func, (op, rewriter) => {
    const constants = op.operands.map((o) => known.get(o));
    if (constants.every((c) => c !== undefined) && op.op !== linear.name) {
      const value = registry.get(op.op).eval(constants, op.attrs);
      known.set(op, value);
      const { shape } = value;
      return createLinear(rewriter.builder, [], [], shape, op.loc, value);
    }
    if (op.op === linear.name && op.operands.length === 0) known.set(op, linearAttrs(op).bias);
    const batch = shapeOf(op);
    if (elementCount(batch) === 0) fail('FHE0501', 'this node has an empty result', op.loc);
    return rewriteEncrypted(op, rewriter, constants);
  });
}

/**
 * Every linear operator becomes `nn.linear`: a sparse matrix for each encrypted operand, and a bias. Operators on constants only are
 * evaluated. What is left is canonical nn: `nn.linear`, activations, and `nn.mul` of two encrypted tensors of one shape; division is
 * multiplication by a reciprocal, powers 2 and 3 are products. Throws FHE0501, with the ONNX node, for what is not computable so.
 */
export const linearize = definePass({
  name: passName,
  summary: 'Writes every linear operator as sparse matrices and a bias',
  assumes: ['expand-max-pool'],
  from: 'nn',
  to: 'nn',
  options: {},
  run: (module) => ({ ...module, funcs: module.funcs.map(linearizeFunc) }),
});
