import { fail, FhecError } from '../../ir/diagnostics.ts';
import type { CompileOptions } from '../options.ts';
import type { Assignment, AssignmentSpace } from './assignments.ts';
import type { Realisation } from './realise.ts';

/** An assignment brought to ckks. */
export interface Plan {
  readonly assignment: Assignment;
  readonly realisation: Realisation;
}

export interface Choice {
  readonly chosen: Plan;
  /** The best uniform degree that keeps to the same limits. */
  readonly uniform: Plan | undefined;
  /** Everything that was brought to ckks. */
  readonly plans: readonly Plan[];
  readonly warnings: readonly string[];
}

/** How many assignments that keep the accuracy are priced in full: deeper ones are rarely faster. */
const pricedPlans = 2;
const defaultLoss = 0.5;
/** One image in 500 is 0.2 points, whatever the doubles say. */
const rounding = 1e-9;

/**
 * OLA's choice (arXiv 2310.10349) with the true cost: the dynamic programme proposes assignments by rising depth, the calibration images judge
 * them, and those that keep the accuracy are lowered and priced with their own modulus chain. Least time under a loss, or least
 * loss under a time. Errors: FHE0403 when no assignment meets the budget; FHE0602 and FHE0603 when none fits any parameters.
 */
export function chooseAssignment(
  space: AssignmentSpace,
  options: CompileOptions,
  realise: (a: Assignment) => Realisation,
): Choice {
  const search = new Search(realise, options);
  const { degrees = 'layerwise' } = options;
  const uniform = search.first(
    space.uniform(typeof degrees === 'number' ? degrees : undefined),
    1,
    typeof degrees === 'number',
  );
  const layerwise = degrees === 'layerwise' ? search.first(space.layerwise(), pricedPlans, false) : [];
  const plans = [...layerwise, ...uniform];
  const chosen = degrees === 'layerwise' ? search.best(layerwise) : search.best(uniform);
  if (!chosen) return search.failed();
  return { chosen, uniform: search.best(uniform), plans, warnings: search.warnings };
}

class Search {
  readonly warnings: string[] = [];
  readonly #realise: (a: Assignment) => Realisation;
  readonly #options: CompileOptions;
  #refused: FhecError | undefined;
  #leastLoss = Infinity;
  #leastSeconds = Infinity;

  constructor(realise: (a: Assignment) => Realisation, options: CompileOptions) {
    this.#realise = realise;
    this.#options = options;
  }

  get #maxLoss(): number {
    return this.#options.maxAccuracyLoss ?? (this.#options.maxLatency === undefined ? defaultLoss : Infinity);
  }

  /** The first `count` assignments within the limits; with a latency limit every one that keeps to it, since the loss is to be least. */
  first(assignments: Iterable<Assignment>, count: number, anyLoss: boolean): Plan[] {
    const found: Plan[] = [];
    const wanted = this.#options.maxLatency === undefined ? count : Infinity;
    for (const assignment of assignments) {
      this.#leastLoss = Math.min(this.#leastLoss, assignment.loss);
      if (assignment.loss > (anyLoss ? Infinity : this.#maxLoss + rounding)) continue;
      const realisation = this.#tried(assignment);
      // Deeper ones need larger parameters still.
      if (!realisation) break;
      const { seconds } = realisation.cost;
      this.#leastSeconds = Math.min(this.#leastSeconds, seconds);
      if (this.#options.maxLatency !== undefined && seconds > this.#options.maxLatency) break;
      found.push({ assignment, realisation });
      if (found.length >= wanted) break;
    }
    return found;
  }

  #tried(assignment: Assignment): Realisation | undefined {
    try {
      return this.#realise(assignment);
    } catch (error) {
      if (!(error instanceof FhecError)) throw error;
      this.#refused = error;
      return undefined;
    }
  }

  best(plans: readonly Plan[]): Plan | undefined {
    const byLatency = this.#options.maxLatency !== undefined;
    const order = (p: Plan): readonly [number, number] =>
      byLatency ? [p.assignment.loss, p.realisation.cost.seconds] : [p.realisation.cost.seconds, p.assignment.loss];
    return [...plans].sort((p, q) => order(p)[0] - order(q)[0] || order(p)[1] - order(q)[1])[0];
  }

  failed(): never {
    if (this.#refused) throw this.#refused;
    const { maxLatency } = this.#options;
    const reached =
      maxLatency === undefined
        ? `the least loss reached is ${this.#leastLoss.toFixed(2)} points`
        : `the least time reached is ${this.#leastSeconds.toFixed(1)} s`;
    return fail('FHE0403', `no choice of polynomials keeps to the limits: ${reached}`, undefined, [
      maxLatency === undefined ? `asked for at most ${this.#maxLoss} points` : `asked for at most ${maxLatency} s`,
    ]);
  }
}
