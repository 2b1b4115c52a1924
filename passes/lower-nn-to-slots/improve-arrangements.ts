import type { Arrangement } from './arrangement.ts';
import type { LayoutGraph } from './layout-groups.ts';
import type { CostPredictor } from './predict.ts';

export interface Improved {
  readonly arrangements: readonly Arrangement[];
  readonly cost: number;
}

/** Every arrangement that one exchange of two atoms, or one move of a run of at most `longestRun` atoms, makes. */
function neighbours(a: Arrangement, longestRun: number): Arrangement[] {
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
  for (let length = 1; length <= longestRun; length++) {
    for (let from = 0; from + length <= a.length; from++) {
      const run = a.slice(from, from + length);
      const rest = [...a.slice(0, from), ...a.slice(from + length)];
      for (let to = 0; to <= rest.length; to++) keep([...rest.slice(0, to), ...run, ...rest.slice(to)]);
    }
  }
  return [...found.values()].slice(1);
}

/** The index of the single-bit atom at slot bit `bit`, or -1. */
function atomAt(a: Arrangement, bit: number): number {
  for (let i = 0, at = 0; i < a.length && at <= bit; at += a[i].width, i++)
    if (at === bit && a[i].width === 1) return i;
  return -1;
}

/** Exchanges two slot bits in several groups at once, where all have single-bit atoms there: neighbours stay aligned. */
function exchangeBits(
  all: readonly Arrangement[],
  groups: readonly number[],
  p: number,
  q: number,
): Arrangement[] | undefined {
  const result = [...all];
  for (const g of groups) {
    const i = atomAt(all[g], p);
    const j = atomAt(all[g], q);
    if (i < 0 || j < 0) return undefined;
    const swapped = [...all[g]];
    swapped[i] = all[g][j];
    swapped[j] = all[g][i];
    result[g] = swapped;
  }
  return result;
}

/** Sets of groups that are worth changing together: both ends of a linear map with all that is tied to them, and everything up to or from a group. */
function jointSets(graph: LayoutGraph, ties: readonly (readonly number[])[]): number[][] {
  const ids = graph.groups.map((g) => g.id);
  const tied = (g: number): readonly number[] => ties.find((t) => t.includes(g)) ?? [g];
  const sets = [
    ids,
    ...graph.edges.map((e) => [...new Set([...e.operands, e.result].flatMap(tied))]),
    ...(ids.length <= 8 ? ids.flatMap((g) => [ids.slice(0, g + 1), ids.slice(g)]) : []),
  ].filter((s) => s.length > 1);
  return [...new Map(sets.map((s) => [s.join(), s])).values()];
}

function withTies(
  arrangements: readonly Arrangement[],
  ties: readonly (readonly number[])[],
  arrangementOf: (tie: readonly number[]) => Arrangement,
): Arrangement[] {
  const result = [...arrangements];
  for (const tie of ties) for (const g of tie) result[g] = arrangementOf(tie);
  return result;
}

/**
 * Descends towards a local optimum: in each round, one set of `ties` after the other, the best neighbour is taken; ends early when none is better. Groups that
 * are tied have one arrangement, that of the first in `start`.
 */
export function improveArrangements(
  graph: LayoutGraph,
  start: readonly Arrangement[],
  predictor: CostPredictor,
  mostRounds: number,
  ties: readonly (readonly number[])[] = graph.groups.map((g) => [g.id]),
): Improved {
  let arrangements: readonly Arrangement[] = withTies(start, ties, (tie) => start[tie[0]]);
  let cost = predictor.cost(arrangements);
  // Long networks have many groups to move, and better starts than moves of long runs.
  const longestRun = graph.groups.length > 5 ? 1 : 3;
  const bits = Math.max(...start.map((a) => a.reduce((n, atom) => n + atom.width, 0)));
  for (let improved = true, rounds = 0; improved && rounds < mostRounds; rounds++) {
    improved = false;
    for (const tie of ties) {
      const before = arrangements;
      let bestCost = cost;
      for (const candidate of neighbours(before[tie[0]], longestRun)) {
        const trial = withTies(before, [tie], () => candidate);
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
    for (const set of jointSets(graph, ties)) {
      for (let q = 1; q < bits; q++) {
        for (let p = 0; p < q; p++) {
          const trial = exchangeBits(arrangements, set, p, q);
          const trialCost = trial ? predictor.cost(trial) : Infinity;
          if (!trial || trialCost >= cost - 1e-9) continue;
          cost = trialCost;
          arrangements = trial;
          improved = true;
        }
      }
    }
  }
  return { arrangements, cost };
}
