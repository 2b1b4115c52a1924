import type { CostModel } from '../analysis/cost-model.ts';
import { bootstrapCost } from '../kernels/bootstrap/cost.ts';
import type { PlannedBootstrap } from '../kernels/bootstrap/plan.ts';

/** Predicted seconds. */
export interface BootstrapPrice {
  /** Of each bootstrap. */
  readonly each: number;
  /** To encode the vectors, which all bootstraps of a program share. */
  readonly once: number;
}

/** The price of bootstraps, from their plan alone: emission would make hundreds of megabytes of vectors to be counted. */
export function priceOfBootstrap({ plan, parameters }: PlannedBootstrap, model: CostModel): BootstrapPrice {
  let each = 0;
  let once = 0;
  for (const { op, level, count } of bootstrapCost(plan, parameters).ops) {
    const seconds = count * model.seconds(op, plan.ringDegree, level + 1);
    if (op === 'encode') once += seconds;
    else each += seconds;
  }
  return { each, once };
}
