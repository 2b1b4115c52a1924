/**
 * Baby-step giant-step (Halevi and Shoup, CRYPTO 2014) for diagonals at all multiples k * stride, low <= k <= high: k = giant * babies + baby. The babies
 * rotate the input, so that they can be hoisted; the giants are chained: the sum of the farthest giant is rotated by one giant step, the
 * next sum is added, and so on, from both ends to 0. So each direction takes one key, however many giants there are; before the
 * rescale the noise of chained rotations does not matter.
 */
export interface StepPlan {
  readonly stride: number;
  /** Babies 0 .. babies - 1. */
  readonly babies: number;
  /** Ascending, 0 included. */
  readonly giants: readonly number[];
}

/** In units of one rotation. */
export interface StepCosts {
  /** One of many rotations of the same ciphertext. */
  readonly hoisted: number;
  readonly plainMultiplication: number;
  /** What a rotation key less is worth. */
  readonly key: number;
}

export const defaultStepCosts: StepCosts = { hoisted: 0.4, plainMultiplication: 0.12, key: 0.3 };

/** Rotations and keys of a plan; `hoisted` counts those of the input. */
export function stepCounts({ babies, giants }: StepPlan) {
  const first = giants[0];
  const last = giants[giants.length - 1];
  return {
    hoisted: babies - 1,
    rotations: last - first,
    keys: babies - 1 + (last > 0 ? 1 : 0) + (first < 0 ? 1 : 0),
  };
}

/** The plan of least cost. */
export function planSteps(low: number, high: number, stride: number, costs: StepCosts): StepPlan {
  let best: { readonly plan: StepPlan; readonly cost: number } | undefined;
  for (let babies = 1; babies <= high - low + 1; babies++) {
    const giants: number[] = [];
    for (let g = Math.floor(low / babies); g <= Math.floor(high / babies); g++) giants.push(g);
    const plan = { stride, babies, giants };
    const { hoisted, rotations, keys } = stepCounts(plan);
    const cost = hoisted * costs.hoisted + rotations + keys * costs.key;
    if (!best || cost < best.cost) best = { plan, cost };
  }
  return best?.plan ?? { stride, babies: 1, giants: [0] };
}
