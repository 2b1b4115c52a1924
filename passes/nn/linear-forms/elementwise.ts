import { fail } from '../../../ir/diagnostics.ts';
import { gatherMatrix, scaleMatrix, type Matrix } from '../../../ir/matrix.ts';
import { add, div, mul, neg, sub } from '../../../ir/nn/elementwise.ts';
import { batchNorm } from '../../../ir/nn/matmul.ts';
import { tensor, zeros, type Tensor } from '../../../ir/tensor.ts';
import { shapeOf, sizeOf } from '../linear-op.ts';
import { constantOperand, only, type LinearForm, type LinearFormOf, type LinearSite } from './form.ts';

const filled = (shape: readonly number[], value: number): Tensor => {
  const result = zeros(shape);
  result.data.fill(value);
  return result;
};

/** The matrix that broadcasts a tensor of shape `from` over one of shape `to` (numpy rules). */
export function broadcastMatrix(from: readonly number[], to: readonly number[]): Matrix {
  const indices = zeros(from);
  indices.data.forEach((_, i) => (indices.data[i] = i));
  return gatherMatrix(indices.data.length, add.eval([indices, zeros(to)], {}).data);
}

/** a + b and a - b, either of them constant or not. */
const sum =
  (sign: 1 | -1): LinearFormOf =>
  ({ op, constants }) => {
    const shape = shapeOf(op);
    const [a, b] = op.operands;
    const definition = sign === 1 ? add : sub;
    const matrices = new Map<number, Matrix>();
    const left = broadcastMatrix(shapeOf(a), shape);
    const right = broadcastMatrix(shapeOf(b), shape);
    if (!constants[0]) matrices.set(0, left);
    if (!constants[1]) matrices.set(1, sign === 1 ? right : scaleMatrix(right, new Float64Array(right.rows).fill(-1)));
    const parts = [constants[0] ?? zeros(shapeOf(a)), constants[1] ?? zeros(shapeOf(b))];
    return { matrices, bias: definition.eval(parts, {}).data };
  };

function weighted({ op }: LinearSite, operand: number, weights: Tensor): LinearForm {
  const bad = weights.data.findIndex((w) => !Number.isFinite(w));
  if (bad >= 0) fail('FHE0501', `the constant gives the factor ${weights.data[bad]} for element ${bad}`, op.loc);
  const matrix = broadcastMatrix(shapeOf(op.operands[operand]), shapeOf(op));
  return { matrices: new Map([[operand, scaleMatrix(matrix, weights.data)]]) };
}

const product: LinearFormOf = (site) => {
  const { op, constants } = site;
  const encrypted = constants[0] ? 1 : 0;
  const constant = constantOperand(site, 1 - encrypted, 'a factor');
  return weighted(site, encrypted, mul.eval([filled(shapeOf(op), 1), constant], {}));
};

const quotient: LinearFormOf = (site) =>
  weighted(site, 0, div.eval([filled(shapeOf(site.op), 1), constantOperand(site, 1, 'the divisor')], {}));

const negation: LinearFormOf = ({ op }) => {
  const size = sizeOf(op);
  const identity = gatherMatrix(
    size,
    Int32Array.from({ length: size }, (_, i) => i),
  );
  return only(scaleMatrix(identity, new Float64Array(size).fill(-1)));
};

const normalisation: LinearFormOf = (site) => {
  const { op } = site;
  const shape = shapeOf(op);
  const [scale, bias, mean, variance] = ['the scale', 'the bias', 'the mean', 'the variance'].map((what, i) =>
    constantOperand(site, i + 1, what),
  );
  const none = tensor(scale.shape, new Float64Array(scale.data.length));
  const weights = batchNorm.eval([filled(shape, 1), scale, none, none, variance], op.attrs);
  return {
    ...weighted(site, 0, weights),
    bias: batchNorm.eval([zeros(shape), scale, bias, mean, variance], op.attrs).data,
  };
};

export const elementwiseForms: readonly (readonly [string, LinearFormOf])[] = [
  [add.name, sum(1)],
  [sub.name, sum(-1)],
  [mul.name, product],
  [div.name, quotient],
  [neg.name, negation],
  [batchNorm.name, normalisation],
];
