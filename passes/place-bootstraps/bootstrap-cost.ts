import { Builder } from '../../ir/builder.ts';
import { cipherType } from '../../ir/types.ts';
import { opSeconds } from '../analysis/cost.ts';
import type { CostModel } from '../analysis/cost-model.ts';
import type { CostedOp } from '../analysis/cost-table.ts';
import { emitEvalMod } from '../kernels/bootstrap/emit.ts';
import type { FourierFactor } from '../kernels/bootstrap/factors.ts';
import type { PlannedBootstrap } from '../kernels/bootstrap/plan.ts';
import { stepCounts } from '../kernels/bootstrap/step-plan.ts';

/** Predicted seconds. */
export interface BootstrapPrice {
  /** Of each bootstrap. */
  readonly each: number;
  /** To encode the vectors, which all bootstraps of a program share. */
  readonly once: number;
}

/** The price of bootstraps, from their plan alone: emission would make hundreds of megabytes of vectors to be counted. */
export function priceOfBootstrap({ plan, parameters }: PlannedBootstrap, model: CostModel): BootstrapPrice {
  const { ringDegree, slots, levels, slotsToCoeffs, coeffsToSlots, sparseWeight } = plan;
  const seconds = (op: CostedOp, level: number): number => model.seconds(op, ringDegree, level + 1);
  let once = 0;
  const factor = ({ diagonals, steps }: FourierFactor, level: number): number => {
    const { hoisted, rotations } = stepCounts(steps);
    once += diagonals * seconds('encode', level);
    return (
      (hoisted + rotations) * seconds('rotate', level) +
      diagonals * (seconds('mul_plain', level) + seconds('add', level)) +
      seconds('rescale', level)
    );
  };
  const first = levels.evalMod + coeffsToSlots.length;
  const down = slotsToCoeffs.reduce((sum, f, i) => sum + factor(f, levels.input - i), 0);
  const switches = sparseWeight === undefined ? 0 : seconds('switch_key', 0) + seconds('switch_key', levels.top);
  const raise = seconds('mod_raise', levels.top);
  const trace = Math.log2(ringDegree / 2 / slots) * (seconds('rotate', first) + seconds('add', first));
  const up = coeffsToSlots.reduce((sum, f, i) => sum + factor(f, first - i), 0);
  const mirror = seconds('conjugate', levels.evalMod + 1) + seconds('add', levels.evalMod + 1);
  const builder = new Builder({ parameters });
  const v = builder.param('v', cipherType(levels.evalMod, parameters.scales[levels.evalMod]));
  const evalMod = builder.finish('eval-mod', [{ name: 'y', value: emitEvalMod(builder, v, plan, parameters) }]);
  let sine = 0;
  for (const value of evalMod.body) {
    const spent = opSeconds(value, parameters, model);
    if (value.op === 'ckks.encode') once += spent;
    else sine += spent;
  }
  return { each: down + switches + raise + trace + up + mirror + sine, once };
}
