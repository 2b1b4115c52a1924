import type { Func, Value } from '../../ir/module.ts';
import { findActivation } from '../../ir/nn/activations.ts';
import { polynomial } from '../../ir/nn/polynomial.ts';
import { refresh } from '../../ir/nn/refresh.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { isLinear, isUnitMap, linearAttrs } from './linear-op.ts';

/** Levels that an activation is taken to need before its polynomial is chosen. Only comparisons of paths depend on it. */
const assumedActivationDepth = 3;

/** Levels that one op of canonical nn needs on its way from operand `index` to its result. */
function stepDepth(op: Value, index: number): number {
  if (isLinear(op)) return isUnitMap(linearAttrs(op).matrices[index]) ? 0 : 1;
  if (op.op === polynomial.name) {
    const terms = (op.attrs['coefficients'] as Tensor).shape[1];
    return Math.max(1, Math.ceil(Math.log2(terms)));
  }
  if (op.op === refresh.name) return 0;
  return findActivation(op.op) ? assumedActivationDepth : 1;
}

/** Multiplicative depth of an op's result: the levels below its inputs, given those of its operands. */
export function depthAfter(op: Value, depthOf: (operand: Value) => number): number {
  return op.operands.reduce((most, operand, i) => Math.max(most, depthOf(operand) + stepDepth(op, i)), 0);
}

/** Multiplicative depth of each value of a canonical nn function; parameters have 0. */
export function multiplicativeDepths(func: Func): Map<Value, number> {
  const depths = new Map<Value, number>(func.params.map((p) => [p, 0]));
  for (const op of func.body)
    depths.set(
      op,
      depthAfter(op, (v) => depths.get(v) ?? 0),
    );
  return depths;
}
