import { Builder } from '../../../ir/builder.ts';
import type { Parameters } from '../../../ir/ckks/parameters.ts';
import { cipherType } from '../../../ir/types.ts';
import { InternalError } from '../../../ir/diagnostics.ts';
import { costedOps, type CostedOp } from '../../analysis/cost-table.ts';
import { wrapSteps } from './complex-diagonals.ts';
import { emitEvalMod } from './emit.ts';
import { productsOf, type FourierFactor } from './factors.ts';
import type { BootstrapPlan } from './plan.ts';
import { stepCounts } from './step-plan.ts';

/** So many ops of one kind at one level. */
export interface LevelCost {
  readonly op: CostedOp;
  /** Of the operand; of the result for `mod_raise`. */
  readonly level: number;
  readonly count: number;
  /** Of rotations: of one ciphertext, so that a back end can hoist them. */
  readonly hoisted: boolean;
}

/** What a bootstrap takes, known without making its vectors. */
export interface BootstrapCost {
  readonly ops: readonly LevelCost[];
  /** The steps whose Galois keys it needs, ascending, each with the highest level at which it is used. */
  readonly rotations: ReadonlyMap<number, number>;
}

/** Counts every op of a bootstrap of an operand that stands at `levels.input`. */
export function bootstrapCost(plan: BootstrapPlan, parameters: Parameters): BootstrapCost {
  const { levels, slots, ringDegree } = plan;
  const counts = new Map<string, LevelCost>();
  const highest = new Map<number, number>();
  const count = (op: CostedOp, level: number, by = 1, hoisted = false): void => {
    if (by === 0) return;
    const key = `${op}/${level}/${hoisted}`;
    counts.set(key, { op, level, hoisted, count: (counts.get(key)?.count ?? 0) + by });
  };
  const use = (steps: number, size: number, level: number): void => {
    const by = wrapSteps(steps, size);
    if (by !== 0) highest.set(by, Math.max(level, highest.get(by) ?? 0));
  };
  const countMirror = (level: number): void => {
    count('conjugate', level);
    count('add', level);
  };
  const countFactor = (factor: FourierFactor, level: number): void => {
    const { steps, turns } = factor;
    const products = productsOf(factor);
    const { hoisted, rotations } = stepCounts(steps);
    // A turn is a rotation, a product with a monomial and a sum; the copies that it tells apart are summed in the end.
    count('rotate', level, 2 * turns.length);
    count('encode', level, turns.length);
    count('mul_plain', level, turns.length);
    count('add', level, 2 * turns.length);
    turns.forEach((by, i) => {
      use(by, ringDegree / 2, level);
      use(ringDegree / 2 ** (i + 2), ringDegree / 2, level);
    });
    count('rotate', level, hoisted, true);
    count('rotate', level, rotations);
    count('encode', level, products);
    count('mul_plain', level, products);
    count('add', level, products - 1);
    for (let b = 1; b < steps.babies; b++) use(b * steps.stride, slots, level);
    const giant = steps.babies * steps.stride;
    if (steps.giants[steps.giants.length - 1] > 0) use(giant, slots, level);
    if (steps.giants[0] < 0) use(-giant, slots, level);
  };
  const isFirst = plan.order === 'slots-to-coeffs-first';
  const bottom = isFirst ? 0 : levels.output;
  plan.slotsToCoeffs.forEach((factor, i) => {
    const level = bottom + plan.slotsToCoeffs.length - i;
    countFactor(factor, level);
    count('rescale', level);
  });
  const operand = isFirst ? levels.input : levels.reduced;
  if (bottom + plan.slotsToCoeffs.length < operand) count('mod_switch', operand);
  if (!isFirst) countMirror(bottom + 1);
  count('mod_raise', levels.top);
  if (plan.sparseWeight !== undefined) {
    count('switch_key', 0);
    count('switch_key', levels.top);
  }
  const from = levels.evalMod + plan.coeffsToSlots.length;
  if (from < levels.top) count('mod_switch', levels.top);
  for (let steps = slots; steps < ringDegree / 2; steps *= 2) {
    count('rotate', from);
    count('add', from);
    use(steps, ringDegree / 2, from);
  }
  plan.coeffsToSlots.forEach((factor, i) => {
    countFactor(factor, from - i);
    count('rescale', from - i);
  });
  countMirror(levels.evalMod + 1);
  countEvalMod(plan, parameters, count);
  return { ops: [...counts.values()], rotations: new Map([...highest].sort(([a], [b]) => a - b)) };
}

function countEvalMod(plan: BootstrapPlan, parameters: Parameters, count: (op: CostedOp, level: number) => void): void {
  const builder = new Builder({ parameters });
  const { evalMod } = plan.levels;
  const v = builder.param('v', cipherType(evalMod, parameters.scales[evalMod]));
  const { body } = builder.finish('main', [{ name: 'y', value: emitEvalMod(builder, v, plan, parameters) }]);
  for (const value of body) {
    const op = costedOps.find((name) => value.op === `ckks.${name}`);
    const { type } = value.operands.at(0) ?? value;
    if (!op || (type.kind !== 'cipher' && type.kind !== 'plain')) throw new InternalError(`no cost for ${value.op}`);
    count(op, type.level);
  }
}
