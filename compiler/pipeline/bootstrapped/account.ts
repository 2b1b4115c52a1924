import { onnxNodes } from '../../../ir/diagnostics.ts';
import { findActivation } from '../../../ir/nn/activations.ts';
import { placeAt, placeGreedily } from '../../../passes/place-bootstraps/alternatives.ts';
import { placedValues } from '../../../passes/place-bootstraps/network-problem.ts';
import { placeBootstraps } from '../../../passes/place-bootstraps/place-bootstraps.ts';
import { evaluatePlacement, type Placement, type PlacementProblem } from '../../../passes/place-bootstraps/problem.ts';
import type { Func } from '../../../ir/module.ts';
import type { BootstrapPlace, BootstrapRule, BootstrapsAccount } from '../../report.ts';
import type { BootstrapChain } from './chains.ts';

/** The rules, by name, for a problem with one choice for each value. */
export function placeBy(rule: BootstrapRule, problem: PlacementProblem, main: Func): Placement | undefined {
  switch (rule) {
    case 'cost':
      return placeBootstraps(problem).at(0);
    case 'greedy':
      return placeGreedily(problem);
    case 'each-activation': {
      const read = new Set(main.body.filter((v) => findActivation(v.op)).map((v) => v.operands[0]));
      const values = placedValues(main);
      return placeAt(problem, (v) => read.has(values[v]));
    }
  }
}

const rules: readonly BootstrapRule[] = ['cost', 'greedy', 'each-activation'];

/** The level that value `at` would have to have if it were not bootstrapped and all others were as they are. */
function levelWithout(
  { values, results, levels }: PlacementProblem,
  { choices, refreshed }: Placement,
  at: number,
): number {
  const demands = values.map(() => -1);
  for (const r of results) demands[r] = 0;
  for (let v = values.length - 1; v > at; v--) {
    if (demands[v] < 0) continue;
    const level = refreshed[v] ? levels.input : demands[v];
    const { depths } = values[v].choices[choices[v]];
    values[v].operands.forEach((o, i) => (demands[o] = Math.max(demands[o], level + depths[i])));
  }
  return demands[at];
}

/** The highest level that any value would have to have without the bootstrap of `at`. */
function highestWithout(problem: PlacementProblem, placement: Placement, at: number): number {
  let demands = levelWithout(problem, placement, at);
  const { values, levels } = problem;
  const reached = new Map([[at, demands]]);
  for (let v = at; v >= 0; v--) {
    const level = reached.get(v);
    if (level === undefined || (v !== at && placement.refreshed[v])) continue;
    demands = Math.max(demands, level);
    const { depths } = values[v].choices[placement.choices[v]];
    values[v].operands.forEach((o, i) => reached.set(o, Math.max(level + depths[i], reached.get(o) ?? levels.input)));
  }
  return demands;
}

function reasonFor(problem: PlacementProblem, placement: Placement, at: number): string {
  const { output } = problem.levels;
  const without = { ...placement, refreshed: placement.refreshed.map((r, v) => r && v !== at) };
  const other = evaluatePlacement(problem, placement.choices, without.refreshed);
  if (other) return `without it the program would take ${(other.seconds - placement.seconds).toFixed(2)} s more`;
  const needed = levelWithout(problem, placement, at);
  const highest = highestWithout(problem, placement, at);
  return `what follows needs ${needed} levels up to its next bootstraps or results; without it a value before it would have to stand at level ${highest}, the chain has ${output}`;
}

/** Explains the bootstraps of a placement, one choice for each value, and compares the rules of placement. */
export function accountOfBootstraps(
  rule: BootstrapRule,
  problem: PlacementProblem,
  placement: Placement,
  main: Func,
  { plan, seconds, precision, priceOf }: BootstrapChain,
): BootstrapsAccount {
  const values = placedValues(main);
  const { input, output } = plan.levels;
  const encodingSeconds = ({ refreshed }: Placement): number => {
    const sizes = new Set(problem.values.filter((_, v) => refreshed[v]).map((value) => value.slots));
    return [...sizes].reduce((sum, slots) => sum + priceOf(slots).once, 0);
  };
  const places = values.flatMap((value, v): BootstrapPlace[] => {
    if (!placement.refreshed[v]) return [];
    const spent = problem.values[v].refreshSeconds;
    return [
      {
        node: onnxNodes(value.loc).at(0) ?? value.op,
        vectors: problem.values[v].vectors,
        levelFrom: placement.levels[v],
        levelTo: output,
        seconds: spent,
        why: reasonFor(problem, placement, v),
      },
    ];
  });
  return {
    rule,
    seconds,
    precisionBits: precision.mean,
    levels: { input, output },
    places,
    rules: rules.flatMap((name) => {
      const placed = placeBy(name, problem, main);
      if (!placed) return [];
      const count = placed.refreshed.reduce((n, r, v) => n + (r ? problem.values[v].vectors : 0), 0);
      return [{ rule: name, count, seconds: placed.seconds + encodingSeconds(placed) }];
    }),
  };
}
