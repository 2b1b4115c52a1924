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
  readonly steps: StepPlan;
}

/** Merged stages have multiples of their stride from -(2^k - 1) to 2^k - 1; with the last stage these wrap to 0 .. 2^k - 1. */
function factorOf(
  direction: FourierFactor['direction'],
  size: number,
  first: number,
  last: number,
  costs: StepCosts,
): FourierFactor {
  const high = 2 ** (last - first + 1) - 1;
  const low = 2 ** (last + 1) === size ? 0 : -high;
  return { direction, first, last, diagonals: high - low + 1, steps: planSteps(low, high, 2 ** first, costs) };
}

/** A vector that repeats so often takes little memory in a back end that makes use of it. */
const oftenRepeated = 16;
const repeatedShare = 0.5;

function factorCost({ diagonals, steps, last }: FourierFactor, size: number, costs: StepCosts): number {
  const { hoisted, rotations, keys } = stepCounts(steps);
  const share = size / 2 ** (last + 1) >= oftenRepeated ? repeatedShare : 1;
  return hoisted * costs.hoisted + rotations + keys * costs.key + diagonals * costs.plainMultiplication * share;
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
 * downward. Both have the same steps, so that they share rotation keys.
 */
export function planFactors(
  direction: FourierFactor['direction'],
  size: number,
  count: number,
  costs: StepCosts,
): FourierFactor[] {
  const stages = Math.log2(size);
  if (!(count >= 1 && count <= stages)) throw new InternalError(`${count} factors of ${stages} stages`);
  let best: { readonly factors: FourierFactor[]; readonly cost: number } | undefined;
  for (const runs of compositions(stages, count)) {
    let first = 0;
    const factors = runs.map((run) => factorOf(direction, size, first, (first += run) - 1, costs));
    const cost = factors.reduce((sum, f) => sum + factorCost(f, size, costs), 0);
    if (!best || cost < best.cost) best = { factors, cost };
  }
  if (!best) throw new InternalError('no factors');
  return direction === 'slots-to-coeffs' ? best.factors : best.factors.reverse();
}

/** The diagonals of a factor. */
export const mapOfFactor = ({ direction, first, last }: FourierFactor, size: number): DiagonalMap =>
  direction === 'slots-to-coeffs' ? mergedStages(size, first, last) : mergedAdjointStages(size, first, last);
