import type { Attrs, Level } from './define.ts';
import type { Loc } from './diagnostics.ts';
import type { NetworkInterface } from './interface.ts';
import type { Parameters } from './ckks/parameters.ts';
import type { Type } from './types.ts';

/**
 * A value, which is also the op that makes it: every op has exactly one result. Values are immutable and compared by identity.
 * A parameter of a function is the op `param` with the attribute `name`.
 */
export interface Value {
  readonly op: string;
  readonly operands: readonly Value[];
  readonly attrs: Attrs;
  readonly type: Type;
  readonly loc: Loc;
}

export interface Result {
  readonly name: string;
  readonly value: Value;
}

export { vectorName } from './names.ts';

/** A straight-line function in SSA form. `body` lists the ops in execution order, parameters excluded, each after its operands. */
export interface Func {
  readonly name: string;
  readonly params: readonly Value[];
  readonly body: readonly Value[];
  readonly results: readonly Result[];
}

/** A program at one level. The network is the function `main`. */
export interface Module {
  readonly level: Level;
  /** Chosen by the schedule; present at the ckks level only. */
  readonly parameters?: Parameters;
  /** What the client sees; absent in modules that stand for no whole network. */
  readonly interface?: NetworkInterface;
  readonly funcs: readonly Func[];
}

export const paramName = (value: Value): string => {
  const name = value.attrs['name'];
  return typeof name === 'string' ? name : '';
};

/** The values that the results need, in execution order (operands first, otherwise as in `order`). Drops dead code. */
export function liveBody(results: readonly Result[], order: readonly Value[]): Value[] {
  const live = new Set<Value>();
  const stack = results.map((r) => r.value);
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (live.has(value)) continue;
    live.add(value);
    stack.push(...value.operands);
  }
  return order.filter((v) => live.has(v));
}

/** How many times each value is used, uses as a result included. */
export function countUses(func: Func): Map<Value, number> {
  const uses = new Map<Value, number>();
  const use = (v: Value): void => void uses.set(v, (uses.get(v) ?? 0) + 1);
  for (const value of func.body) value.operands.forEach(use);
  func.results.forEach((r) => use(r.value));
  return uses;
}
