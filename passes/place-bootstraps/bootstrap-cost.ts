import { Builder } from '../../ir/builder.ts';
import { cipherType } from '../../ir/types.ts';
import { opSeconds } from '../analysis/cost.ts';
import type { CostModel } from '../analysis/cost-model.ts';
import type { CostedOp } from '../analysis/cost-table.ts';
import { emitEvalMod } from '../kernels/bootstrap/emit.ts';
import type { FourierFactor } from '../kernels/bootstrap/factors.ts';
import type { PlannedBootstrap } from '../kernels/bootstrap/plan.ts';
import { stepCounts } from '../kernels/bootstrap/step-plan.ts';

/** The predicted seconds of one bootstrap, from its plan alone: emission would make hundreds of megabytes of vectors to be counted. */
export function bootstrapSeconds({ plan, parameters }: PlannedBootstrap, model: CostModel): number {
  const { ringDegree, slots, levels, slotsToCoeffs, coeffsToSlots, sparseWeight } = plan;
  const seconds = (op: CostedOp, level: number): number => model.seconds(op, ringDegree, level + 1);
  const factor = ({ diagonals, steps }: FourierFactor, level: number): number => {
    const { hoisted, rotations } = stepCounts(steps);
    return (
      (hoisted + rotations) * seconds('rotate', level) +
      diagonals * (seconds('encode', level) + seconds('mul_plain', level) + seconds('add', level)) +
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
  const sine = evalMod.body.reduce((sum, value) => sum + opSeconds(value, parameters, model), 0);
  return down + switches + raise + trace + up + mirror + sine;
}
