import type { Func, Value } from '../../ir/module.ts';
import { levelOf } from './levels.ts';
import type { Sum } from './sums.ts';

/** Ops of one vector that move or turn its slots, at its level; a product may wait for its rescale through them. */
const movingOps: ReadonlySet<string> = new Set(['slots.rotate', 'slots.conjugate', 'slots.mul_monomial']);

/** What would follow if a product waited for its rescale: its users seen together. */
export interface Sharing {
  /** Some user needs the rescaled value. */
  readonly needsFresh: boolean;
  /** Rescales further down that are this value's share: a sum of n products costs each of them 1 / n of a rescale. At most 1. */
  readonly rescales: number;
  /** Likewise for relinearizations; not capped. */
  readonly relinearizations: number;
  /** Rotations and conjugations that would run before the rescale. */
  readonly rotations: number;
}

/**
 * Follows each value through rotations to the sums that use it. Shares are estimates: they suppose that every value that can wait
 * does.
 */
export function findSharing(
  func: Func,
  sums: ReadonlyMap<Value, Sum>,
  levels: ReadonlyMap<Value, number>,
): ReadonlyMap<Value, Sharing> {
  const sources = countSources(func, sums, levels);
  const users = new Map<Value, Set<Value>>();
  for (const value of func.body) {
    if (!levels.has(value)) continue;
    for (const o of operandsOf(value, sums)) users.set(o, (users.get(o) ?? new Set()).add(value));
  }
  const results = new Set(func.results.map((r) => r.value));
  const sharing = new Map<Value, Sharing>();
  for (const value of func.body.toReversed()) {
    if (!levels.has(value)) continue;
    let needsFresh = results.has(value);
    let rescales = 0;
    let relinearizations = 0;
    let rotations = 0;
    for (const user of users.get(value) ?? []) {
      const below = sharing.get(user);
      const atOwnLevel = levelOf(levels, user) === levelOf(levels, value);
      const sum = sources.get(user);
      if (sum && atOwnLevel) {
        rescales += 1 / Math.max(1, sum.products);
        relinearizations += 1 / Math.max(1, sum.cubic);
      } else if (movingOps.has(user.op) && atOwnLevel) {
        rescales += below?.needsFresh ? 1 : (below?.rescales ?? 1);
        rotations += 1 + (below?.rotations ?? 0);
      } else needsFresh = true;
    }
    sharing.set(value, { needsFresh, rescales: Math.min(1, rescales), relinearizations, rotations });
  }
  return sharing;
}

const operandsOf = (value: Value, sums: ReadonlyMap<Value, Sum>): readonly Value[] =>
  sums.get(value)?.terms.map((t) => t.value) ?? value.operands;

interface Sources {
  /** Distinct products that end in the sum, where rotations of one product count once. */
  readonly products: number;
  /** Those of size 3. */
  readonly cubic: number;
}

function countSources(
  func: Func,
  sums: ReadonlyMap<Value, Sum>,
  levels: ReadonlyMap<Value, number>,
): ReadonlyMap<Value, Sources> {
  /** For each value that can wait as a product: the value that it is a rotation of (or itself), and whether it has size 3. */
  const origins = new Map<Value, { readonly origin: Value; readonly cubic: boolean }>();
  const counts = new Map<Value, Sources>();
  for (const value of func.body) {
    const level = levels.get(value);
    if (level === undefined) continue;
    const operands = operandsOf(value, sums);
    const here = operands.filter((o) => levelOf(levels, o) === level);
    if (value.op === 'slots.mul' || value.op === 'slots.mul_plain') {
      origins.set(value, { origin: value, cubic: value.op === 'slots.mul' });
    } else if (value.op === 'slots.refresh') {
      // Its operand is rescaled before it, and it gives a fresh value.
      continue;
    } else if (movingOps.has(value.op)) {
      const from = here.length > 0 ? origins.get(here[0]) : undefined;
      if (from) origins.set(value, { origin: from.origin, cubic: false });
    } else {
      const products = here.flatMap((o) => origins.get(o) ?? []);
      const cubic = new Set(products.filter((p) => p.cubic).map((p) => p.origin)).size;
      const lifted = operands.length - here.length;
      counts.set(value, { products: new Set(products.map((p) => p.origin)).size + lifted, cubic });
      if (products.length === here.length) origins.set(value, { origin: value, cubic: cubic > 0 });
    }
  }
  return counts;
}
