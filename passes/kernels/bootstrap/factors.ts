import { InternalError } from '../../../ir/diagnostics.ts';
import type { DiagonalMap } from './complex-diagonals.ts';
import { mergedAdjointStages, mergedStages } from './fourier-stages.ts';
import { planSteps, stepCounts, type StepCosts, type StepPlan } from './step-plan.ts';

/** One factor of SlotsToCoeffs or CoeffsToSlots: merged stages of the Fourier transform, one level. */
export interface FourierFactor {
  readonly direction: 'slots-to-coeffs' | 'coeffs-to-slots';
  /** Stages, from 0 to log2(slots) - 1. */
  readonly first: number;
  readonly last: number;
  /** Diagonals. */
  readonly diagonals: number;
  /**
   * Where the vector repeats, its copies take several diagonals in one product (../group-diagonals.ts): the steps of the turns; none where products are of
   * single diagonals. Their sums over the turns are the diagonals of the steps' multiples from 0 on.
   */
  readonly turns: readonly number[];
  readonly steps: StepPlan;
}

/** Products with plaintexts. */
export const productsOf = ({ diagonals, turns }: FourierFactor): number => Math.ceil(diagonals / 2 ** turns.length);

/** Merged stages have multiples of their stride from -(2^k - 1) to 2^k - 1; with the last stage these wrap to 0 .. 2^k - 1. */
function factorOf(
  direction: FourierFactor['direction'],
  size: number,
  first: number,
  last: number,
  turned: number,
  costs: StepCosts,
): FourierFactor {
  const stride = 2 ** first;
  const high = 2 ** (last - first + 1) - 1;
  const low = 2 ** (last + 1) === size ? 0 : -high;
  const shared = { direction, first, last, diagonals: high - low + 1 };
  if (turned === 0) return { ...shared, turns: [], steps: planSteps(low, high, stride, costs) };
  // The first turn takes the negative diagonals to the others, each one more takes the upper half to the lower one.
  const turns: number[] = low < 0 ? [-(high + 1) * stride] : [];
  let groups = high + 1;
  while (turns.length < turned) turns.push((groups /= 2) * stride);
  return { ...shared, turns, steps: planSteps(0, groups - 1, stride, costs) };
}

/** A vector that repeats so often takes little memory in a back end that makes use of it. */
const oftenRepeated = 16;
const repeatedShare = 0.5;

function factorCost(factor: FourierFactor, size: number, costs: StepCosts): number {
  const { steps, turns, last } = factor;
  const { hoisted, rotations, keys } = stepCounts(steps);
  const share = turns.length === 0 && size / 2 ** (last + 1) >= oftenRepeated ? repeatedShare : 1;
  const products = productsOf(factor) * share + turns.length;
  // Each turn is a rotation of its own, and so is the sum over the copies that it told apart, with a key that the trace has.
  return (
    hoisted * costs.hoisted +
    rotations +
    2 * turns.length +
    (keys + turns.length) * costs.key +
    products * costs.plainMultiplication
  );
}

/** The ways to cut `stages` into `parts` runs of at least one. */
function compositions(stages: number, parts: number): number[][] {
  if (parts === 1) return [[stages]];
  const all: number[][] = [];
  for (let head = 1; head <= stages - parts + 1; head++)
    for (const tail of compositions(stages - head, parts - 1)) all.push([head, ...tail]);
  return all;
}

/**
 * Cuts the log2(size) stages into `count` factors of least cost, in order of application: SlotsToCoeffs from stage 0 upward, CoeffsToSlots
 * downward. Both have the same steps, so that they share rotation keys. `copies`: how often the vector repeats, a power of two.
 */
export function planFactors(
  direction: FourierFactor['direction'],
  size: number,
  count: number,
  costs: StepCosts,
  copies = 1,
): FourierFactor[] {
  const stages = Math.log2(size);
  if (!(count >= 1 && count <= stages)) throw new InternalError(`${count} factors of ${stages} stages`);
  let best: { readonly factors: FourierFactor[]; readonly cost: number } | undefined;
  for (const runs of compositions(stages, count)) {
    let first = 0;
    const factors = runs.map((run) => {
      const from = first;
      first += run;
      const most = Math.min(run, Math.log2(copies));
      const ways = Array.from({ length: most + 1 }, (_, m) => factorOf(direction, size, from, first - 1, m, costs));
      return ways.reduce((a, b) => (factorCost(b, size, costs) < factorCost(a, size, costs) ? b : a));
    });
    const cost = factors.reduce((sum, f) => sum + factorCost(f, size, costs), 0);
    if (!best || cost < best.cost) best = { factors, cost };
  }
  if (!best) throw new InternalError('no factors');
  return direction === 'slots-to-coeffs' ? best.factors : best.factors.reverse();
}

/** The diagonals of a factor. */
export const mapOfFactor = ({ direction, first, last }: FourierFactor, size: number): DiagonalMap =>
  direction === 'slots-to-coeffs' ? mergedStages(size, first, last) : mergedAdjointStages(size, first, last);
