import type { Func, Value } from '../../ir/module.ts';
import type { CostModel } from '../analysis/cost-model.ts';
import { assignLevels, levelOf, type BootstrapLevels } from './levels.ts';
import { findSharing, type Sharing } from './sharing.ts';
import { flattenSums, type Sum } from './sums.ts';

/**
 * How a value leaves its definition. A product (level one above its final one, scale squared) waits for its rescale, so that sums of
 * products share one; it may wait in size 3, so that they share one relinearization too.
 */
export interface Decision {
  /** `fresh`: canonical scale, size 2. `product`: squared scale, to be rescaled by a sum that uses it. */
  readonly form: 'fresh' | 'product';
  /** Of a product. */
  readonly size: 2 | 3;
}

/** What the schedule of a slots function is, before parameters are known. */
export interface Plan {
  readonly sums: ReadonlyMap<Value, Sum>;
  /** The level of each value after its pending rescale. */
  readonly levels: ReadonlyMap<Value, number>;
  readonly decisions: ReadonlyMap<Value, Decision>;
}

const fresh: Decision = { form: 'fresh', size: 2 };

/**
 * Plans rescales, relinearizations and levels (pure analysis). The rules:
 *
 * 1. Levels run backward from the results (level 0), as low as the users allow (levels.ts).
 * 2. A product whose value any user needs rescaled (a multiplication, a result, a use at a lower level) is rescaled at once, after its
 *    relinearization: the rounding of a rescale in size 3 would be hundreds of times larger (ir/ckks/noise.ts).
 * 3. Any other product is used by sums and rotations at its own level only. It waits: the sum that it ends in makes one rescale for all
 *    its products, and a rotation before the rescale adds hardly any noise, where one after it adds as much as a rescale. With
 *    `earlyRescale` it waits only where that costs less by the cost model, since rotations that wait run on one prime more.
 * 4. A waiting product is relinearized when it is rotated, or when its sums would relinearize it more than once between them.
 * 5. A sum adds its products first. A fresh term at the level that the sum has after the rescale is added after it, at no cost; a term
 *    from a higher level is multiplied by one at the scale that makes it a product of the sum's level, and shares the sum's rescale.
 */
export function planSchedule(
  func: Func,
  ringDegree: number,
  options: { readonly costModel: CostModel; readonly earlyRescale: boolean; readonly bootstraps?: BootstrapLevels },
): Plan {
  const { costModel, earlyRescale } = options;
  const sums = flattenSums(func);
  const levels = assignLevels(func, sums, options.bootstraps);
  const sharing = findSharing(func, sums, levels);
  const decisions = new Map<Value, Decision>(func.params.map((p) => [p, fresh]));
  for (const value of func.body) {
    if (!levels.has(value)) continue;
    const size = productSize(value, sums, levels, decisions);
    decisions.set(value, size === undefined ? fresh : decide(size, sharing.get(value), levelOf(levels, value)));
  }
  return { sums, levels, decisions };

  function decide(size: 2 | 3, shared: Sharing | undefined, level: number): Decision {
    if (!shared || shared.needsFresh) return fresh;
    const seconds = (op: 'rotate' | 'rescale', primes: number): number => costModel.seconds(op, ringDegree, primes);
    const rescale = seconds('rescale', level + 2);
    const dearerRotations = shared.rotations * (seconds('rotate', level + 2) - seconds('rotate', level + 1));
    if (earlyRescale && shared.rescales * rescale + dearerRotations > rescale) return fresh;
    return { form: 'product', size: shared.rotations > 0 || shared.relinearizations > 1 ? 2 : size };
  }
}

/** The size of the product that the definition of `value` gives, before any decision on it; undefined when it gives a fresh value. */
function productSize(
  value: Value,
  sums: ReadonlyMap<Value, Sum>,
  levels: ReadonlyMap<Value, number>,
  decisions: ReadonlyMap<Value, Decision>,
): 2 | 3 | undefined {
  if (value.op === 'slots.mul') return 3;
  if (value.op === 'slots.mul_plain') return 2;
  if (value.op === 'slots.refresh') return undefined;
  const level = levelOf(levels, value);
  const operands = sums.get(value)?.terms.map((t) => t.value) ?? value.operands;
  const here = operands.filter((o) => levelOf(levels, o) === level).map((o) => decisions.get(o) ?? fresh);
  if (here.some((d) => d.form === 'fresh')) return undefined;
  // A rotation of a value from a higher level works on the value brought down, which is fresh.
  if (here.length === 0 && !sums.has(value)) return undefined;
  return here.some((d) => d.size === 3) ? 3 : 2;
}
