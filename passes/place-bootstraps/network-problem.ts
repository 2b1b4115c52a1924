import { InternalError } from '../../ir/diagnostics.ts';
import type { Func, Value } from '../../ir/module.ts';
import type { CostModel } from '../analysis/cost-model.ts';
import type { BootstrapLevels } from '../schedule/levels.ts';
import type { OpProfile } from './op-profiles.ts';
import type { PlacedValue, PlacementProblem } from './problem.ts';

/** What the price of a placement depends on. */
export interface PlacementCosts {
  readonly ringDegree: number;
  readonly levels: BootstrapLevels;
  readonly model: CostModel;
  /** Seconds to bootstrap one vector of so many slots of data. */
  readonly bootstrap: (slots: number) => number;
}

/** Seconds of a profiled op when its result stands at each level up to the highest for users. */
export function secondsByLevel({ counts }: OpProfile, { ringDegree, levels, model }: PlacementCosts): number[] {
  return Array.from({ length: levels.output + 1 }, (_, level) => {
    let seconds = 0;
    for (const [op, byHeight] of counts)
      byHeight.forEach((n, above) => {
        if (n > 0) seconds += n * model.seconds(op, ringDegree, level + above + 1);
      });
    return seconds;
  });
}

/** The values of a function in the order of a {@link PlacementProblem}. */
export const placedValues = ({ params, body }: Func): readonly Value[] => [...params, ...body];

/** One way to compute a value, and what it adds to the error. */
export interface ProfiledChoice {
  readonly profile: OpProfile;
  readonly error: number;
}

/** The choices of a function whose polynomials are chosen: one for each value. */
export const onlyChoices =
  (profiles: ReadonlyMap<Value, OpProfile>) =>
  (value: Value): readonly ProfiledChoice[] => {
    const profile = profiles.get(value);
    return profile ? [{ profile, error: 0 }] : [];
  };

/**
 * The problem of an nn function whose values have at least one choice each. Inputs cannot be bootstrapped: the client encrypts them as high as
 * needed.
 */
export function networkProblem(
  func: Func,
  choicesOf: (value: Value) => readonly ProfiledChoice[],
  costs: PlacementCosts,
): PlacementProblem {
  const all = placedValues(func);
  const place = new Map(all.map((value, i) => [value, i]));
  const placeOf = (value: Value): number => {
    const at = place.get(value);
    if (at === undefined) throw new InternalError(`value of ${value.op} is not in the function`);
    return at;
  };
  const values = all.map((value): PlacedValue => {
    const choices = choicesOf(value);
    if (choices.length === 0) throw new InternalError(`value of ${value.op} has no profile`);
    const [{ profile }] = choices;
    return {
      operands: value.operands.map(placeOf),
      choices: choices.map((c) => ({
        depths: c.profile.depths,
        seconds: secondsByLevel(c.profile, costs),
        error: c.error,
      })),
      refreshSeconds: value.op === 'param' ? Infinity : profile.vectors * costs.bootstrap(profile.period),
      vectors: profile.vectors,
      slots: profile.period,
    };
  });
  return { values, results: func.results.map((r) => placeOf(r.value)), levels: costs.levels };
}
