import type { Arrangement } from './arrangement.ts';
import type { LayoutGraph } from './layout-groups.ts';
import type { CostPredictor } from './predict.ts';

interface Improved {
  readonly arrangements: readonly Arrangement[];
  readonly cost: number;
}

/** Every arrangement that one exchange of two atoms, or one move of a run of atoms, makes. */
function neighbours(a: Arrangement): Arrangement[] {
  const found = new Map<string, Arrangement>();
  const keep = (b: Arrangement): void => {
    const key = b.map((x) => `${x.dimension}.${x.part}`).join();
    if (!found.has(key)) found.set(key, b);
  };
  keep(a);
  for (let i = 0; i < a.length; i++) {
    for (let j = i + 1; j < a.length; j++) {
      const swapped = [...a];
      swapped[i] = a[j];
      swapped[j] = a[i];
      keep(swapped);
    }
  }
  for (let length = 1; length <= 5; length++) {
    for (let from = 0; from + length <= a.length; from++) {
      const run = a.slice(from, from + length);
      const rest = [...a.slice(0, from), ...a.slice(from + length)];
      for (let to = 0; to <= rest.length; to++) keep([...rest.slice(0, to), ...run, ...rest.slice(to)]);
    }
  }
  return [...found.values()].slice(1);
}

/** Descends to a local optimum: group after group, the best neighbour is taken until none is better. */
export function improveArrangements(
  graph: LayoutGraph,
  start: readonly Arrangement[],
  predictor: CostPredictor,
): Improved {
  let arrangements = [...start];
  let cost = predictor.cost(arrangements);
  for (let improved = true, rounds = 0; improved && rounds < 8; rounds++) {
    improved = false;
    for (const group of graph.groups) {
      const before = arrangements;
      let bestCost = cost;
      for (const candidate of neighbours(before[group.id])) {
        const trial = [...before];
        trial[group.id] = candidate;
        const trialCost = predictor.cost(trial);
        if (trialCost >= bestCost - 1e-9) continue;
        bestCost = trialCost;
        arrangements = trial;
      }
      if (bestCost < cost) {
        cost = bestCost;
        improved = true;
      }
    }
  }
  return { arrangements, cost };
}
