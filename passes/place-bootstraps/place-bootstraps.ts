import type { Placement, PlacementProblem } from './problem.ts';
import { Staircase, type Priced } from './staircase.ts';

/** A decision about one value, and those about the values after it. */
interface State extends Priced {
  /** The level that each live value must have, in the order of the live values. */
  readonly demands: readonly number[];
  readonly value: number;
  readonly choice: number;
  readonly refreshed: boolean;
  readonly level: number;
  readonly before: State | undefined;
}

/**
 * All solutions that no other one beats in seconds and error at once, by rising seconds; with one choice for each value that is the fastest
 * placement alone. Levels, bootstraps and choices are decided together and exactly: dynamic programming backward from the results, whose state is the level
 * demanded of every live value (one whose users are decided on, while it is not yet). A residual block has two or three of them. A state is dropped
 * when another one demands no more of any value and is no worse.
 *
 * That levels are as low as the users allow loses nothing, since ops do not get faster at higher levels. With `secondsUnit` above 0 the
 * front is thinned (see {@link Staircase}): for every solution there is one of no more error that is slower by at most that unit for each value.
 */
export function placeBootstraps(problem: PlacementProblem, secondsUnit = 0): Placement[] {
  const { values, results } = problem;
  let live: readonly number[] = [...new Set(results)];
  const none = { value: -1, choice: -1, refreshed: false, level: -1, before: undefined };
  let states: readonly State[] = [{ ...none, demands: live.map(() => 0), seconds: 0, error: 0 }];
  for (let v = values.length - 1; v >= 0; v--) {
    if (!live.includes(v)) continue;
    const next = [...new Set([...live.filter((l) => l !== v), ...values[v].operands])];
    const step: Step = {
      v,
      own: live.indexOf(v),
      kept: next.map((l) => live.indexOf(l)),
      operands: values[v].operands.map((o) => next.indexOf(o)),
    };
    const reached = new Map<string, Staircase<State>>();
    for (const state of states) {
      for (const successor of decide(problem, state, step)) {
        const key = successor.demands.join();
        const known = reached.get(key) ?? new Staircase<State>(secondsUnit);
        reached.set(key, known);
        known.add(successor);
      }
    }
    live = next;
    states = undominated([...reached.values()]);
  }
  const front = new Staircase<State>(secondsUnit);
  for (const state of states) front.add(state);
  return front.steps.map((state) => placementOf(state, values.length));
}

/** A value to decide on, and where values stand among the live ones before and after. */
interface Step {
  readonly v: number;
  /** Among the live values before. */
  readonly own: number;
  /** For each live value after the step its place before, -1 where it was not live. */
  readonly kept: readonly number[];
  /** Of the operands, after the step. */
  readonly operands: readonly number[];
}

function* decide(
  { values, levels: { input, output } }: PlacementProblem,
  state: State,
  { v, own, kept, operands }: Step,
): Iterable<State> {
  const demand = state.demands[own];
  const { choices, refreshSeconds } = values[v];
  // Below the level where a bootstrap starts there is nothing to win by one.
  for (const refreshed of demand > input && refreshSeconds < Infinity ? [false, true] : [false]) {
    const level = refreshed ? input : demand;
    for (let choice = 0; choice < choices.length; choice++) {
      const { depths, error } = choices[choice];
      const seconds = state.seconds + choices[choice].seconds[level] + (refreshed ? refreshSeconds : 0);
      const demands = kept.map((place) => (place < 0 ? -1 : state.demands[place]));
      operands.forEach((place, i) => (demands[place] = Math.max(demands[place], level + depths[i])));
      if (seconds === Infinity || demands.some((d) => d > output)) continue;
      yield { demands, seconds, error: state.error + error, value: v, choice, refreshed, level, before: state };
    }
  }
}

/** The states that no state of lower or equal demands covers. */
function undominated(fronts: readonly Staircase<State>[]): State[] {
  const demandsOf = (front: Staircase<State>): readonly number[] => front.steps[0].demands;
  return fronts.flatMap((front) => {
    const demands = demandsOf(front);
    const lower = fronts.filter((other) => other !== front && demandsOf(other).every((d, i) => d <= demands[i]));
    return front.steps.filter((state) => !lower.some((other) => other.covers(state)));
  });
}

function placementOf(last: State, count: number): Placement {
  const choices = new Array<number>(count).fill(0);
  const refreshed = new Array<boolean>(count).fill(false);
  const levels = new Array<number>(count).fill(-1);
  for (let state: State | undefined = last; state && state.value >= 0; state = state.before) {
    choices[state.value] = state.choice;
    refreshed[state.value] = state.refreshed;
    levels[state.value] = state.level;
  }
  return { seconds: last.seconds, error: last.error, choices, refreshed, levels };
}
