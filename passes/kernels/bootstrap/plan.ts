import type { Parameters } from '../../../ir/ckks/parameters.ts';
import { defaultSparseWeight } from '../../../ir/ckks/secret.ts';
import { fail, InternalError } from '../../../ir/diagnostics.ts';
import { makeChain } from './chain.ts';
import type { ArcsineDegree, EvalModAmplitudes, EvalModPlan } from './eval-mod.ts';
import { planFactors, type FourierFactor } from './factors.ts';
import { denseWeight, leastBound, overflowDeviation } from './overflow.ts';
import { planSine, sineDepth } from './sine.ts';
import { defaultStepCosts, type StepCosts } from './step-plan.ts';

/**
 * Where SlotsToCoeffs stands. First (the thin bootstrapping of Chen and Han, EUROCRYPT 2018): EvalMod works on the numbers
 * themselves. Last, as in the first bootstraps (Cheon, Han, Kim, Kim, Song, EUROCRYPT 2018): the operand may stand at level 0, but EvalMod works on
 * coefficients, whose errors add up to sqrt(2 slots) times as much in a slot, and SlotsToCoeffs runs at higher levels.
 */
export type BootstrapOrder = 'slots-to-coeffs-first' | 'slots-to-coeffs-last';

export interface BootstrapRequest {
  readonly order: BootstrapOrder;
  readonly ringDegree: number;
  /** Slots that hold data: all of them, or a power of two of at least 4; the vector then repeats them. */
  readonly slots: number;
  /** log2 of the scale of the user's levels. */
  readonly scaleBits: number;
  /** log2 of base prime / scale. */
  readonly ratioBits: number;
  /** Rescales left to the user between two bootstraps. */
  readonly userLevels: number;
  /** log2 of the primes of EvalMod and CoeffsToSlots. */
  readonly highBits: number;
  readonly slotsToCoeffs: number;
  readonly coeffsToSlots: number;
  /** Real values of at most this size are bootstrapped. */
  readonly messageBound: number;
  /** Of the ephemeral sparse secret; none: the modulus is raised under the dense secret (small rings only: its overflows are large). */
  readonly sparseWeight: number | undefined;
  /** -log2 of the probability that one bootstrap fails in any slot. */
  readonly failureBits: number;
  readonly arcsine: ArcsineDegree;
  /** -log2 of the error of the sine's polynomial, beside messages of size 1. */
  readonly sineBits: number;
  readonly levelWorth: number;
  readonly specialPrimes: number;
  readonly specialBits: number;
  readonly stepCosts: StepCosts;
}

/** What a request says unless told otherwise. */
export const bootstrapDefaults = {
  order: 'slots-to-coeffs-first',
  ratioBits: 10,
  slotsToCoeffs: 2,
  coeffsToSlots: 2,
  messageBound: 1,
  sparseWeight: defaultSparseWeight,
  failureBits: 128,
  arcsine: 1,
  sineBits: 20,
  levelWorth: 6,
  specialPrimes: 2,
  stepCosts: defaultStepCosts,
} as const satisfies Partial<BootstrapRequest>;

/**
 * A bootstrap for real numbers in all slots that hold data: from any level of at least `levels.input` to `levels.output`. The input is a value at any
 * scale (at level 0, of the canonical one); the output has the canonical scale of its level.
 */
export interface BootstrapPlan {
  readonly order: BootstrapOrder;
  readonly ringDegree: number;
  readonly slots: number;
  readonly levels: {
    /** The user's lowest level: where SlotsToCoeffs starts where it is first, 0 where it is last. */
    readonly input: number;
    /** The user's highest level. */
    readonly output: number;
    /** Where EvalMod starts, and where it ends: SlotsToCoeffs follows where it is last. */
    readonly evalMod: number;
    readonly reduced: number;
    readonly top: number;
  };
  readonly slotsToCoeffs: readonly FourierFactor[];
  readonly coeffsToSlots: readonly FourierFactor[];
  readonly evalMod: EvalModPlan;
  readonly messageBound: number;
  readonly sparseWeight: number | undefined;
  /** -log2 of the probability that one bootstrap fails in any slot. */
  readonly failureBits: number;
}

/** A plan with the parameters that it needs. */
export interface PlannedBootstrap {
  readonly plan: BootstrapPlan;
  readonly parameters: Parameters;
}

/** Double angles and the arcsine add little noise: their primes are this many bits smaller than the others. */
const sparedBits = 1;
/** T_2(v) has this many bits of scale more than the others: errors of it weigh most (eval-mod.ts). */
const squareBits = 1.25;

/** log2 of the primes above the user's levels, from the bottom. */
function highBits(bits: number, evalMod: EvalModPlan, coeffsToSlots: number): number[] {
  const { polynomial, total } = sineDepth(evalMod);
  const primes = new Array<number>(total + coeffsToSlots).fill(bits);
  primes.fill(bits - sparedBits, 0, total - polynomial);
  // A scale that is higher at one level, and half as much at the one below it.
  primes[total - 1] -= squareBits;
  primes[total - 2] += 1.5 * squareBits;
  primes[total - 3] += squareBits;
  return primes;
}

/** The removal of q_0 I that a request needs; it does not depend on the sizes of primes nor on the user's levels. */
export function planEvalMod(
  request: Omit<BootstrapRequest, 'highBits' | 'specialBits' | 'userLevels'>,
): BootstrapPlan['evalMod'] {
  const { ringDegree, failureBits, sparseWeight, messageBound, ratioBits } = request;
  const weight = sparseWeight ?? denseWeight(ringDegree);
  return planSine({
    bound: leastBound(weight, ringDegree, failureBits),
    spread: messageBound * 2 ** -ratioBits,
    deviation: overflowDeviation(weight),
    arcsine: request.arcsine,
    bits: request.sineBits,
    levelWorth: request.levelWorth,
  });
}

/** Plans a bootstrap and chooses the chain for it. Throws FHE0602 where there are too few primes of a size; check `secure`. */
export function planBootstrap(request: BootstrapRequest, evalMod = planEvalMod(request)): PlannedBootstrap {
  const { order, ringDegree, slots, sparseWeight, userLevels, messageBound, scaleBits } = request;
  const input = order === 'slots-to-coeffs-first' ? request.slotsToCoeffs : 0;
  const reduced = request.slotsToCoeffs + userLevels;
  const start = reduced + sineDepth(evalMod).total;
  const levels = { input, output: input + userLevels, reduced, evalMod: start, top: start + request.coeffsToSlots };
  const parameters = makeChain({
    ...request,
    lowLevels: reduced,
    highBits: highBits(request.highBits, evalMod, request.coeffsToSlots),
  });
  if (!parameters)
    fail('FHE0602', `there are too few primes of 2^${scaleBits} or 2^${request.highBits} at N = ${ringDegree}`);
  const shared = { order, ringDegree, levels, evalMod, messageBound, sparseWeight, failureBits: request.failureBits };
  return { plan: withSlots(shared, slots, request.stepCosts), parameters };
}

/** The plan on the same chain for data in another number of slots: fewer slots take fewer rotations and products, at most as many levels. */
export function withSlots(
  plan: Omit<BootstrapPlan, 'slots' | 'slotsToCoeffs' | 'coeffsToSlots'>,
  slots: number,
  costs: StepCosts = defaultStepCosts,
): BootstrapPlan {
  const { ringDegree, levels } = plan;
  if (!(slots >= 4 && slots <= ringDegree / 2 && Number.isInteger(Math.log2(slots))))
    throw new InternalError(`${slots} slots of ${ringDegree / 2} hold data`);
  const factors = (direction: FourierFactor['direction'], most: number): FourierFactor[] =>
    planFactors(direction, slots, Math.min(most, Math.log2(slots)), costs, ringDegree / 2 / slots);
  return {
    ...plan,
    slots,
    slotsToCoeffs: factors('slots-to-coeffs', levels.input + levels.reduced - levels.output),
    coeffsToSlots: factors('coeffs-to-slots', levels.top - levels.evalMod),
  };
}

/**
 * The sine of x = m / q_0 = z scale / q_0 misses x by c x^3, c = (2 pi)^2 / 6. For |z| up to the bound the best line through it is steeper by
 * 3/4 of the cubic at the bound: the largest error shrinks to a quarter. Coefficients, which are what EvalMod sees where SlotsToCoeffs is last, hardly
 * come near the bound.
 */
function sineGain({ order, evalMod, messageBound }: BootstrapPlan, ratio: number): number {
  if (evalMod.arcsine !== 1 || order === 'slots-to-coeffs-last') return 1;
  return 1 + (3 / 4) * ((2 * Math.PI) ** 2 / 6) * (messageBound / ratio) ** 2;
}

/** How large EvalMod makes its numbers, so that its result is the message at the canonical scale of its level. */
export function amplitudesOf(plan: BootstrapPlan, parameters: Parameters): EvalModAmplitudes {
  const { scales, primes } = parameters;
  const ratio = Number(primes[0]) / scales[0];
  const gain = ratio * sineGain(plan, ratio);
  const { arcsine } = sineDepth(plan.evalMod);
  if (arcsine === 0) return { gain, sine: gain / (2 * Math.PI) };
  // Before the arcsine the numbers fill what the scale of their level leaves below that of the top.
  return { gain, sine: scales[scales.length - 1] / scales[plan.levels.reduced + arcsine] };
}
