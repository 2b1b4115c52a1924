import { InternalError } from '../../ir/diagnostics.ts';
import { paramName, type Func, type Value } from '../../ir/module.ts';
import type { Sum } from './sums.ts';

/** The port that a parameter `port/vector` belongs to. */
const portOf = (param: Value): string => paramName(param).replace(/\/\d+$/, '');

/** What an op asks of its operands: a level as its own result has after rescale, or one more for a multiplication. */
const extraLevel = (op: string): number => (op === 'slots.mul' || op === 'slots.mul_plain' ? 1 : 0);

/** Where bootstraps start and end. */
export interface BootstrapLevels {
  readonly input: number;
  readonly output: number;
}

/**
 * The level of each value once its pending rescale is done, as low as its users allow: 0 for results, and one more than the product for the
 * operands of a multiplication. What is bootstrapped must have the level where bootstraps start, and has the one where they end. Values inside
 * sums have no entry, nor have dead values. Parameters of one port share a level, because the client encrypts a tensor at one level.
 */
export function assignLevels(
  func: Func,
  sums: ReadonlyMap<Value, Sum>,
  bootstraps?: BootstrapLevels,
): ReadonlyMap<Value, number> {
  const levels = new Map<Value, number>();
  const demand = (value: Value, level: number): void => void levels.set(value, Math.max(level, levels.get(value) ?? 0));
  for (const { value } of func.results) demand(value, 0);
  for (const value of func.body.toReversed()) {
    const level = levels.get(value);
    if (level === undefined) continue;
    if (value.op === 'slots.refresh') {
      if (!bootstraps) throw new InternalError('a value is refreshed, but no bootstrap is planned');
      demand(value.operands[0], bootstraps.input);
      demand(value, bootstraps.output);
      continue;
    }
    const operands = sums.get(value)?.terms.map((t) => t.value) ?? value.operands;
    for (const operand of operands) demand(operand, level + extraLevel(value.op));
  }
  const ports = new Map<string, number>();
  for (const param of func.params) {
    const port = portOf(param);
    ports.set(port, Math.max(levels.get(param) ?? 0, ports.get(port) ?? 0));
  }
  for (const param of func.params) levels.set(param, ports.get(portOf(param)) ?? 0);
  return levels;
}

/** The highest level that any value has: the rescales on the longest path, counted anew from each bootstrap. */
export function depthOf(levels: ReadonlyMap<Value, number>): number {
  let depth = 0;
  for (const level of levels.values()) depth = Math.max(depth, level);
  return depth;
}

export function levelOf(levels: ReadonlyMap<Value, number>, value: Value): number {
  const level = levels.get(value);
  if (level === undefined) throw new InternalError(`no level for a value of ${value.op}`);
  return level;
}
