import { evaluatePlacement, type Placement, type PlacementProblem } from './problem.ts';

const noChoices = ({ values }: PlacementProblem): number[] => values.map(() => 0);

/** The most levels from each value to a result. */
function depthsBelow({ values, results }: PlacementProblem): number[] {
  const below = values.map(() => -1);
  for (const r of results) below[r] = 0;
  for (let v = values.length - 1; v >= 0; v--) {
    if (below[v] < 0) continue;
    const [{ depths }] = values[v].choices;
    values[v].operands.forEach((o, i) => (below[o] = Math.max(below[o], below[v] + depths[i])));
  }
  return below;
}

/**
 * For comparison: bootstraps where the levels run out. Front to back, an operand is bootstrapped when the value would sink below the level where a
 * bootstrap can start, unless the rest of the program needs none. Takes the first choice of every value; undefined where an
 * op needs more levels than there are.
 */
export function placeGreedily(problem: PlacementProblem): Placement | undefined {
  const { values, levels } = problem;
  const below = depthsBelow(problem);
  const reached = values.map(() => levels.output);
  const refreshed = values.map(() => false);
  values.forEach(({ operands, choices: [{ depths }] }, v) => {
    if (below[v] < 0 || operands.length === 0) return;
    const least = Math.min(levels.input, below[v]);
    operands.forEach((o, i) => {
      if (reached[o] - depths[i] >= least || values[o].refreshSeconds === Infinity) return;
      refreshed[o] = true;
      reached[o] = levels.output;
    });
    reached[v] = Math.min(...operands.map((o, i) => reached[o] - depths[i]));
  });
  return evaluatePlacement(problem, noChoices(problem), refreshed);
}

/** For comparison: bootstraps exactly the values given, such as the input of every activation; undefined where that does not do. */
export function placeAt(problem: PlacementProblem, where: (value: number) => boolean): Placement | undefined {
  const refreshed = problem.values.map(({ refreshSeconds }, v) => refreshSeconds < Infinity && where(v));
  return evaluatePlacement(problem, noChoices(problem), refreshed);
}
