/** One way to compute a value: a linear map has one, an activation one for each polynomial that may stand for it. */
export interface ValueChoice {
  /** Levels from each operand to the value: the operand must stand at least so far above it. */
  readonly depths: readonly number[];
  /** Seconds when the value stands at each level, from 0 to `levels.output`; never falling. */
  readonly seconds: readonly number[];
  /** What the choice adds to the error, in any unit. */
  readonly error: number;
}

export interface PlacedValue {
  /** Indices of values before this one. */
  readonly operands: readonly number[];
  /** At least one. */
  readonly choices: readonly ValueChoice[];
  /** Seconds to bootstrap this value; Infinity where that cannot be, as for inputs. */
  readonly refreshSeconds: number;
  /** Ciphertexts that a bootstrap of this value takes, and the slots of data that each holds. */
  readonly vectors: number;
  readonly slots: number;
}

/**
 * Where to bootstrap: a straight-line program whose values stand at levels. Results may sink to level 0. A value that is bootstrapped must
 * stand at `levels.input` or above it, and its users read it at `levels.output`, the highest level that there is for users.
 */
export interface PlacementProblem {
  readonly values: readonly PlacedValue[];
  readonly results: readonly number[];
  readonly levels: { readonly input: number; readonly output: number };
}

/** A solution, by value. */
export interface Placement {
  readonly seconds: number;
  readonly error: number;
  /** Index into the choices. */
  readonly choices: readonly number[];
  readonly refreshed: readonly boolean[];
  /** Where each value stands before it is bootstrapped, as low as its users allow; -1 for values without users. */
  readonly levels: readonly number[];
}

/** Levels and seconds of given choices and bootstraps; undefined where a value would have to stand above `levels.output`. */
export function evaluatePlacement(
  { values, results, levels: { input, output } }: PlacementProblem,
  choices: readonly number[],
  refreshed: readonly boolean[],
): Placement | undefined {
  const demands = values.map(() => -1);
  for (const r of results) demands[r] = 0;
  const levels = values.map(() => -1);
  let seconds = 0;
  let error = 0;
  for (let v = values.length - 1; v >= 0; v--) {
    if (demands[v] > output) return undefined;
    if (demands[v] < 0) continue;
    const level = refreshed[v] ? input : demands[v];
    const choice = values[v].choices[choices[v]];
    levels[v] = level;
    seconds += choice.seconds[level] + (refreshed[v] ? values[v].refreshSeconds : 0);
    error += choice.error;
    values[v].operands.forEach((o, i) => (demands[o] = Math.max(demands[o], level + choice.depths[i])));
  }
  return seconds < Infinity ? { seconds, error, choices, refreshed, levels } : undefined;
}
