import { fail, FhecError } from '../../ir/diagnostics.ts';
import type { Module } from '../../ir/module.ts';
import type { CompileOptions } from '../options.ts';
import type { Assignment, AssignmentSpace } from './assignments.ts';
import type { AccuracyReport, BootstrapsAccount } from '../report.ts';
import { firstIndex } from './first-index.ts';
import { keepsLimit, lossLimit, lossWarnings } from './loss-limit.ts';
import { deepestRing, largestSealRing, type Observe, type PricedRealisation, type Realisation } from './realise.ts';

/** An assignment brought to ckks. */
export interface Plan {
  readonly assignment: Assignment;
  readonly realisation: Realisation;
}

/** An assignment with its price. */
export interface PricedPlan {
  readonly assignment: Assignment;
  readonly realisation: PricedRealisation;
}

export interface Choice {
  readonly chosen: Plan;
  /** The best uniform degree that keeps to the same limits; the chosen plan itself where nothing beats it. */
  readonly uniform: PricedPlan | undefined;
  /** Everything within the limits that was priced in full, the chosen plan among it. */
  readonly plans: readonly PricedPlan[];
  /** Of the chosen plan, on the images that confirmed it. */
  readonly accuracy: AccuracyReport;
  /** Of a network that is bootstrapped. */
  readonly bootstraps?: BootstrapsAccount;
  readonly warnings: readonly string[];
  /** Realises the chosen plan once more for whoever watches: passes are pure, so it comes out the same. */
  readonly repeat: (observe: Observe) => void;
}

/** How many depths that keep the accuracy are priced in full: deeper ones are rarely faster. */
const pricedDepths = 2;
/** The predicted share is an upper bound (elements are taken as independent), so that small ones say nothing. */
const notableBlowUps = 0.01;

/**
 * OLA's choice (arXiv 2310.10349) with the true cost: the dynamic programme proposes assignments by rising depth, the calibration images judge
 * them, and those that keep the accuracy are lowered and priced with their own modulus chain. Least time under a loss, or least
 * loss under a time. A single degree that the user fixed is taken whatever it loses, with a warning. Errors: FHE0403 when no
 * assignment meets the budget; FHE0602 and FHE0603 when none that does fits any parameters.
 */
export function chooseAssignment(
  space: AssignmentSpace,
  options: CompileOptions,
  realise: (approximated: Module, observe?: Observe) => Realisation,
): Choice {
  const { degrees = 'layerwise' } = options;
  const fixed = typeof degrees === 'number' ? degrees : undefined;
  const maxLoss = lossLimit(options);
  const search = new Search(realise, options, maxLoss);
  const alike = space.uniform(fixed).map((assignment) => [assignment]);
  if (fixed !== undefined && alike.length === 0) {
    fail('FHE0403', `degree ${fixed} is not among the candidates of every activation`, undefined, [
      'degrees from 1 to --max-degree are',
    ]);
  }
  const uniform = search.within(alike, 1, fixed !== undefined);
  const layerwise = degrees === 'layerwise' ? search.within(space.layerwise(), pricedDepths, false) : [];
  const plans = [...new Set([...layerwise, ...uniform])];
  const chosen = search.best(plans);
  if (!chosen) return search.failed();
  return {
    chosen,
    uniform: search.best(uniform),
    plans,
    accuracy: chosen.assignment.judged().accuracy,
    warnings: warningsOf(chosen, maxLoss),
    repeat: (observe) => void realise(chosen.assignment.judged().module, observe),
  };
}

function warningsOf({ assignment, realisation }: Plan, maxLoss: number): string[] {
  const { loss } = assignment.judged();
  const { ringDegree } = realisation.parameters;
  const blowUps = 1 - [...assignment.judged().choice.values()].reduce((intact, c) => intact * (1 - c.blowUp), 1);
  return [
    ...(blowUps > notableBlowUps
      ? [
          `up to ${(100 * blowUps).toFixed(1)}% of inputs may lie so far from the calibration inputs that their results are useless; more calibration inputs make this rarer`,
        ]
      : []),
    ...lossWarnings(loss, maxLoss),
    ...(ringDegree > largestSealRing
      ? [
          `the network is so deep that it needs N = ${ringDegree}: SEAL goes up to ${largestSealRing}, so only the clear and simulator back ends run it; --target native bootstraps instead`,
        ]
      : []),
  ];
}

/** Assignments of one depth, by rising seconds and falling predicted error. */
type Front = readonly Assignment[];

class Search {
  readonly #realise: (approximated: Module) => Realisation;
  readonly #options: CompileOptions;
  readonly #maxLoss: number;
  readonly #plans = new Map<Assignment, Plan | undefined>();
  #refused: FhecError | undefined;
  #tooDeep: number | undefined;
  #leastLoss = Infinity;
  #leastSeconds = Infinity;

  constructor(realise: (approximated: Module) => Realisation, options: CompileOptions, maxLoss: number) {
    this.#realise = realise;
    this.#options = options;
    this.#maxLoss = maxLoss;
  }

  /** Plans within the limits, from `fronts` by rising depth: of the first `depths` depths that have one. */
  within(fronts: readonly Front[], depths: number, anyLoss: boolean): Plan[] {
    const { levels } = deepestRing(this.#options);
    const fitting = fronts.filter((front) => front[0].depth <= levels);
    for (const [{ depth }] of fronts) {
      if (depth > levels) this.#tooDeep = Math.min(this.#tooDeep ?? Infinity, depth);
    }
    const { maxLatency } = this.#options;
    return maxLatency === undefined
      ? this.#fastest(fitting, depths, anyLoss)
      : this.#mostExact(fitting, maxLatency, anyLoss);
  }

  /** Of each of the first `depths` depths that keep the accuracy, the fewest products that do. */
  #fastest(fronts: readonly Front[], depths: number, anyLoss: boolean): Plan[] {
    const found: Plan[] = [];
    const keeps = (a: Assignment): boolean => anyLoss || this.#keepsAccuracy(a);
    for (const front of fronts) {
      // Error falls along the front: when its end loses too much, all do.
      if (!keeps(front[front.length - 1])) continue;
      const plan = this.#plan(front[firstIndex(front.length - 1, (i) => keeps(front[i]))]);
      // Deeper ones need larger parameters still.
      if (!plan) break;
      found.push(plan);
      if (found.length >= depths) break;
    }
    return found;
  }

  /** The plan that loses least within `seconds`. Seconds rise with the depth, so the deepest that fits is found by bisection. */
  #mostExact(fronts: readonly Front[], seconds: number, anyLoss: boolean): Plan[] {
    const fits = (a: Assignment): boolean => (this.#plan(a)?.realisation.cost.seconds ?? Infinity) <= seconds;
    const assignments = fronts.map((front) => front[front.length - 1]);
    const affordable = firstIndex(assignments.length, (i) => !fits(assignments[i]));
    const byLoss = assignments
      .slice(0, affordable)
      .filter((a) => anyLoss || this.#keepsAccuracy(a))
      .sort((a, b) => a.judged().loss - b.judged().loss || a.levels - b.levels);
    const best = byLoss.find(fits);
    const plan = best && this.#plan(best);
    return plan ? [plan] : [];
  }

  #keepsAccuracy(assignment: Assignment): boolean {
    const { loss } = assignment.judged();
    this.#leastLoss = Math.min(this.#leastLoss, loss);
    return keepsLimit(loss, this.#maxLoss);
  }

  /** Undefined when no parameters fit. */
  #plan(assignment: Assignment): Plan | undefined {
    if (this.#plans.has(assignment)) return this.#plans.get(assignment);
    let plan: Plan | undefined;
    try {
      const realisation = this.#realise(assignment.judged().module);
      plan = { assignment, realisation };
      this.#leastSeconds = Math.min(this.#leastSeconds, realisation.cost.seconds);
    } catch (error) {
      if (!(error instanceof FhecError)) throw error;
      this.#refused = error;
    }
    this.#plans.set(assignment, plan);
    return plan;
  }

  best(plans: readonly Plan[]): Plan | undefined {
    const byLatency = this.#options.maxLatency !== undefined;
    const order = ({ assignment, realisation }: Plan): readonly [number, number] => {
      const { seconds } = realisation.cost;
      const { loss } = assignment.judged();
      return byLatency ? [loss, seconds] : [seconds, loss];
    };
    return [...plans].sort((p, q) => order(p)[0] - order(q)[0] || order(p)[1] - order(q)[1])[0];
  }

  failed(): never {
    const { maxLatency } = this.#options;
    if (maxLatency !== undefined && this.#leastSeconds < Infinity) {
      return fail(
        'FHE0403',
        `no choice of polynomials keeps to the limits: the least time reached is ${this.#leastSeconds.toFixed(1)} s`,
        undefined,
        [`asked for at most ${maxLatency} s`],
      );
    }
    if (this.#refused) throw this.#refused;
    const least =
      this.#leastLoss < Infinity
        ? [
            `with fewer levels the least loss is ${this.#leastLoss.toFixed(2)} points, more than the ${this.#maxLoss} of --max-accuracy-loss`,
          ]
        : [];
    if (this.#tooDeep !== undefined) {
      const { ringDegree, levels } = deepestRing(this.#options);
      return fail(
        'FHE0602',
        `the network needs at least ${this.#tooDeep} levels to keep its accuracy; N = ${ringDegree} holds ${levels}`,
        undefined,
        [...least, 'a deeper network needs bootstrapping: --target native'],
      );
    }
    return fail(
      'FHE0403',
      `no choice of polynomials keeps to the limits: the least loss reached is ${this.#leastLoss.toFixed(2)} points`,
      undefined,
      [`asked for at most ${this.#maxLoss} points`],
    );
  }
}
