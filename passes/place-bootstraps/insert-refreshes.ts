import { derivedLoc } from '../../ir/diagnostics.ts';
import type { Func, Value } from '../../ir/module.ts';
import { refresh } from '../../ir/nn/refresh.ts';
import { rewriteFunc } from '../../ir/rewrite.ts';
import { placedValues } from './network-problem.ts';
import type { Placement } from './problem.ts';

/** Puts an `nn.refresh` after every value that the placement bootstraps; whoever read the value reads the refreshed one. */
export function insertRefreshes(func: Func, { refreshed }: Placement): Func {
  const chosen = new Set<Value>(placedValues(func).filter((_, i) => refreshed[i]));
  return rewriteFunc(func, (op, { builder, mapped }) => {
    if (!chosen.has(op)) return undefined;
    const value = builder.copy(op, op.operands.map(mapped));
    return builder.create(refresh, [value], {}, derivedLoc('place-bootstraps', op.loc));
  });
}
