import { slotCount } from '../../../ir/ckks/parameters.ts';
import { InternalError } from '../../../ir/diagnostics.ts';
import type { Func, Module, Value } from '../../../ir/module.ts';
import { shapeOf } from '../../../passes/nn/linear-op.ts';
import type { CostModel } from '../../../passes/analysis/cost-model.ts';
import type { Candidate } from '../../../passes/approximate/candidate.ts';
import type { OperationCosts } from '../../../passes/kernels/count-arithmetic.ts';
import { assignLayouts, type Layouts } from '../../../passes/lower-nn-to-slots/assign-layouts.ts';
import { foldStaticScale } from '../../../passes/nn/fold-static-scale.ts';
import { networkProblem, placedValues, type ProfiledChoice } from '../../../passes/place-bootstraps/network-problem.ts';
import { profileOps, profilePolynomial } from '../../../passes/place-bootstraps/op-profiles.ts';
import type { PlacementProblem } from '../../../passes/place-bootstraps/problem.ts';
import type { AssignmentSpace } from '../assignments.ts';
import type { Calibration } from '../calibrate.ts';
import { mainOf } from '../main-of.ts';
import type { BootstrapChain } from './chains.ts';

/** A candidate of an activation with what it costs in slots. */
interface ActivationChoice extends ProfiledChoice {
  readonly candidate: Candidate;
}

/** Primes of a ciphertext at a middling level of the user's. */
const typicalPrimes = 6;
/** A rotation key less is worth this share of a rotation: keys are read from memory, and there is room for them. */
const keyWorth = 0.3;

/** The prices that layouts are compared by. */
export function operationCosts(model: CostModel, ringDegree: number): OperationCosts {
  const seconds = (op: Parameters<CostModel['seconds']>[0]): number => model.seconds(op, ringDegree, typicalPrimes);
  return {
    rotation: seconds('rotate'),
    conjugation: seconds('conjugate'),
    multiplication: seconds('mul') + seconds('relinearize') + seconds('rescale'),
    plainMultiplication: seconds('encode') + seconds('mul_plain') + seconds('add'),
    key: keyWorth * seconds('rotate'),
  };
}

/** A canonical network in slots, before its polynomials are chosen: layouts, and what each op costs with each polynomial. */
export class BootstrappedNetwork {
  readonly main: Func;
  readonly slots: number;
  readonly costs: OperationCosts;
  readonly layouts: Layouts;
  readonly #fixed: ReadonlyMap<Value, readonly ProfiledChoice[]>;
  readonly #open: ReadonlyMap<Value, readonly ActivationChoice[]>;

  constructor(
    canonical: Module,
    space: AssignmentSpace,
    calibration: Calibration,
    ringDegree: number,
    model: CostModel,
  ) {
    this.main = mainOf(canonical);
    this.slots = ringDegree / 2;
    this.costs = operationCosts(model, ringDegree);
    const choices = space.layers.map(({ direct }) => direct);
    // Any polynomials do: what linear maps cost does not depend on them.
    const approximated = space.of(choices.map((c) => c[c.length - 1])).module;
    const folded = mainOf(foldStaticScale(approximated, calibration.ranges));
    this.layouts = assignLayouts(folded, this.slots, this.costs);
    const profiles = profileOps(folded, this.layouts, this.slots, this.costs);
    const after = placedValues(folded);
    this.#fixed = new Map(
      placedValues(this.main).map((value, i) => {
        const profile = profiles.get(after[i]);
        if (!profile) throw new InternalError(`${value.op} has no profile`);
        return [value, [{ profile, error: 0 }]];
      }),
    );
    const layoutOf = this.layouts.of(folded);
    const place = new Map(placedValues(this.main).map((value, i) => [value, after[i]]));
    this.#open = new Map(
      space.layers.map(({ value }, i) => {
        const folding = place.get(value) ?? value;
        const layout = layoutOf(folding);
        // How the vectors repeat depends on what stands before.
        const period = profiles.get(folding)?.period ?? this.slots;
        return [
          value,
          choices[i].map((candidate) => ({
            candidate,
            error: candidate.error,
            profile: {
              ...profilePolynomial(shapeOf(value), candidate.coefficients, layout, this.slots, this.costs),
              period,
            },
          })),
        ];
      }),
    );
  }

  /** What may stand for an activation: all direct polynomials. */
  choicesOf(activation: Value): readonly ActivationChoice[] {
    return this.#open.get(activation) ?? [];
  }

  /** The problem of placing bootstraps on a chain, with the candidates that `allowed` leaves. */
  problem(
    { plan, parameters, model, priceOf }: BootstrapChain,
    allowed: (activation: Value, candidate: Candidate) => boolean = () => true,
  ): PlacementProblem {
    if (slotCount(parameters) !== this.slots) throw new InternalError('the chain is for another ring degree');
    return networkProblem(
      this.main,
      (value) => this.#open.get(value)?.filter((c) => allowed(value, c.candidate)) ?? this.#fixed.get(value) ?? [],
      {
        ringDegree: parameters.ringDegree,
        levels: plan.levels,
        model,
        bootstrap: (slots) => priceOf(slots).each,
      },
    );
  }
}
