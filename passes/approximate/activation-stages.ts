import type { Func, Value } from '../../ir/module.ts';
import { findActivation } from '../../ir/nn/activations.ts';

/**
 * The stage of each activation: the largest number of activations on any path that ends before it. On any path the stage rises from
 * one activation to the next, so the sum over stages of the largest depth in each is never less than the depth of the deepest path, and is
 * that depth where the network is a chain (residual shortcuts that skip activations included) or side-by-side branches are alike.
 */
export function activationStages(func: Func): ReadonlyMap<Value, number> {
  const passed = new Map<Value, number>(func.params.map((p) => [p, 0]));
  const stages = new Map<Value, number>();
  for (const value of func.body) {
    const before = value.operands.reduce((most, o) => Math.max(most, passed.get(o) ?? 0), 0);
    const activation = findActivation(value.op) !== undefined;
    if (activation) stages.set(value, before);
    passed.set(value, before + (activation ? 1 : 0));
  }
  return stages;
}
