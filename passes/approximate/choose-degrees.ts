/** What one replacement of a layer costs, its cost in seconds given by the caller's cost model. */
export interface DegreeChoice {
  readonly levels: number;
  readonly seconds: number;
  readonly error: number;
}

/** A layer to decide on. Layers of one stage lie side by side: no path through the network holds two of them. */
export interface DegreeLayer<C extends DegreeChoice = DegreeChoice> {
  readonly stage: number;
  readonly choices: readonly C[];
}

export interface DegreeLimits {
  readonly levels?: number;
  readonly seconds?: number;
  readonly error?: number;
}

/** One choice for every layer. `levels` adds the largest levels of each stage: the depth of the longest path, or more. */
export interface DegreeAssignment extends DegreeChoice {
  /** Index into the choices of each layer. */
  readonly picks: readonly number[];
}

interface State extends DegreeChoice {
  readonly from: readonly [State, State] | { readonly layer: number; readonly pick: number } | undefined;
}

/**
 * Every assignment that no other one beats in levels, seconds and error at once, within the limits: OLA's dynamic programming over layers
 * (arXiv 2310.10349; a multiple-choice knapsack) in its Pareto form, which keeps all non-dominated partial sums instead of a table over discretised time, and so is
 * exact for real costs.
 *
 * With `secondsUnit` above 0, of partial assignments of equal levels within one unit of seconds only the least error is kept: the front stays small
 * on deep networks, and for every assignment there is one in the front of no more levels and error, at most (number of stages) * secondsUnit slower.
 */
export function frontOfDegrees(
  layers: readonly DegreeLayer[],
  limits: DegreeLimits = {},
  secondsUnit = 0,
): DegreeAssignment[] {
  const stages = new Map<number, number[]>();
  layers.forEach((layer, i) => stages.set(layer.stage, [...(stages.get(layer.stage) ?? []), i]));
  const sum = (a: number, b: number): number => a + b;
  let front: State[] = [{ levels: 0, seconds: 0, error: 0, from: undefined }];
  for (const members of stages.values()) {
    const fronts = members.map((layer) =>
      prune(
        layers[layer].choices.map((c, pick) => ({
          levels: c.levels,
          seconds: c.seconds,
          error: c.error,
          from: { layer, pick },
        })),
        limits,
        0,
      ),
    );
    const stage = fronts.reduce((a, b) => prune(combine(a, b, Math.max), limits, 0));
    front = prune(combine(front, stage, sum), limits, secondsUnit);
  }
  return front.map((state) => ({
    levels: state.levels,
    seconds: state.seconds,
    error: state.error,
    picks: picksOf(state, layers.length),
  }));
}

function combine(a: readonly State[], b: readonly State[], levels: (x: number, y: number) => number): State[] {
  return a.flatMap((p) =>
    b.map((q) => ({
      levels: levels(p.levels, q.levels),
      seconds: p.seconds + q.seconds,
      error: p.error + q.error,
      from: [p, q] as const,
    })),
  );
}

/** The states within the limits that no other one dominates, by levels, then seconds. */
function prune(states: readonly State[], limits: DegreeLimits, secondsUnit: number): State[] {
  const { levels = Infinity, seconds = Infinity, error = Infinity } = limits;
  const unit = (s: State): number => (secondsUnit > 0 ? Math.floor(s.seconds / secondsUnit) : s.seconds);
  const sorted = states
    .filter((s) => s.levels <= levels && s.seconds <= seconds && s.error <= error)
    .map((state) => ({ state, time: unit(state) }))
    .sort((p, q) => p.state.levels - q.state.levels || p.time - q.time || p.state.error - q.state.error);
  const kept: State[] = [];
  const times: number[] = [];
  const errors: number[] = [];
  for (const { state, time } of sorted) {
    // The staircase of the states kept so far, all of fewer or equal levels: times rise, errors fall.
    let at = upperBound(times, time);
    if (at > 0 && errors[at - 1] <= state.error) continue;
    if (at > 0 && times[at - 1] === time) at--;
    let end = at;
    while (end < errors.length && errors[end] >= state.error) end++;
    times.splice(at, end - at, time);
    errors.splice(at, end - at, state.error);
    kept.push(state);
  }
  return kept;
}

/** The first index whose entry is above `x`. */
function upperBound(sorted: readonly number[], x: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

function picksOf(state: State, layers: number): number[] {
  const picks = new Array<number>(layers).fill(-1);
  const stack: State[] = [state];
  for (let s = stack.pop(); s; s = stack.pop()) {
    if (!s.from) continue;
    if ('layer' in s.from) picks[s.from.layer] = s.from.pick;
    else stack.push(...s.from);
  }
  return picks;
}

const within = (a: DegreeChoice, { levels = Infinity, seconds = Infinity, error = Infinity }: DegreeLimits): boolean =>
  a.levels <= levels && a.seconds <= seconds && a.error <= error;

const leastBy =
  (first: (a: DegreeChoice) => number, second: (a: DegreeChoice) => number) =>
  <A extends DegreeChoice>(front: readonly A[], limits: DegreeLimits): A | undefined =>
    front
      .filter((a) => within(a, limits))
      .reduce<A | undefined>(
        (best, a) =>
          !best || first(a) < first(best) || (first(a) === first(best) && second(a) < second(best)) ? a : best,
        undefined,
      );

/** Problem (a): the least error within seconds and levels; undefined when nothing fits. */
export const leastError = leastBy(
  (a) => a.error,
  (a) => a.seconds,
);

/** Problem (b): the least seconds within error and levels; undefined when nothing fits. */
export const leastSeconds = leastBy(
  (a) => a.seconds,
  (a) => a.error,
);

/** For each total depth that some assignment has, the one of least error among those no deeper; depths that bring nothing are left out. */
export function paretoOfDegrees(front: readonly DegreeAssignment[]): ReadonlyMap<number, DegreeAssignment> {
  const result = new Map<number, DegreeAssignment>();
  let best = Infinity;
  for (const levels of [...new Set(front.map((a) => a.levels))].sort((a, b) => a - b)) {
    const found = leastError(front, { levels });
    if (!found || found.error >= best) continue;
    best = found.error;
    result.set(levels, found);
  }
  return result;
}

/** The baseline: assignments that give every layer the choice of one label, for each label that all layers have. Without layers there is one, of nothing. */
export function uniformAssignments(
  layers: readonly DegreeLayer<DegreeChoice & { readonly label: string }>[],
): (DegreeAssignment & { readonly label: string })[] {
  const labels = new Set(layers.length > 0 ? layers[0].choices.map((c) => c.label) : ['none']);
  return [...labels].flatMap((label) => {
    const picks = layers.map(({ choices }) => cheapest(choices, label));
    if (picks.includes(-1)) return [];
    const chosen = layers.map(({ choices, stage }, i) => ({ ...choices[picks[i]], stage }));
    const levels = new Map<number, number>();
    for (const c of chosen) levels.set(c.stage, Math.max(levels.get(c.stage) ?? 0, c.levels));
    return [
      {
        label,
        picks,
        levels: [...levels.values()].reduce((a, b) => a + b, 0),
        seconds: chosen.reduce((sum, c) => sum + c.seconds, 0),
        error: chosen.reduce((sum, c) => sum + c.error, 0),
      },
    ];
  });
}

/** Of several choices of one label the one of least error; -1 when there is none. */
function cheapest(choices: readonly (DegreeChoice & { readonly label: string })[], label: string): number {
  return choices.reduce(
    (best, c, i) => (c.label === label && (best < 0 || c.error < choices[best].error) ? i : best),
    -1,
  );
}
