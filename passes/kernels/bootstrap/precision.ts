import { Builder } from '../../../ir/builder.ts';
import { encodeNoise, rescaleNoise } from '../../../ir/ckks/noise.ts';
import type { Parameters } from '../../../ir/ckks/parameters.ts';
import type { Func } from '../../../ir/module.ts';
import { cipherType } from '../../../ir/types.ts';
import { sampleNoise } from '../../analysis/sample-noise.ts';
import { argumentAmplitude } from './eval-mod.ts';
import { emitEvalMod, integerOfFactors } from './emit.ts';
import { denseWeight, overflowDeviation } from './overflow.ts';
import type { BootstrapPlan, PlannedBootstrap } from './plan.ts';

/** -log2 of the error of one bootstrap, beside messages of size 1. */
export interface BootstrapPrecision {
  /** Of the mean of the absolute errors over the slots. */
  readonly mean: number;
  /** Of the largest error in a ciphertext. */
  readonly worst: number;
}

/** Numbers that are the same in every run, so that compiling twice gives one plan. */
function makeNumbers(): { readonly uniform: () => number; readonly normal: () => number } {
  let state = 0x9e3779b9;
  const uniform = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

function evalModFunc(plan: BootstrapPlan, parameters: Parameters): Func {
  const builder = new Builder({ parameters });
  const { evalMod } = plan.levels;
  const v = builder.param('v', cipherType(evalMod, parameters.scales[evalMod]));
  return builder.finish('main', [{ name: 'y', value: emitEvalMod(builder, v, plan, parameters) }]);
}

/**
 * Standard deviation of the error of EvalMod's argument: the rescale of the last factor of CoeffsToSlots, and the rounding of the plaintexts of each. A
 * factor of k stages has 2^k entries of one size in a row, but the roundings of all of its diagonals; those of
 * products of several meet the sums of as many copies.
 */
function argumentNoise(plan: BootstrapPlan, parameters: Parameters, deviation: number): number {
  const { ringDegree, scales } = parameters;
  const rescale = rescaleNoise(ringDegree) / scales[plan.levels.evalMod];
  const integer = integerOfFactors(plan, parameters);
  // Real and imaginary parts of an entry are rounded each; the sum with the conjugate keeps the real part of their products.
  const rounding = (Math.SQRT2 * encodeNoise(ringDegree)) / integer;
  const relative = Math.hypot(
    ...plan.coeffsToSlots.map(
      ({ diagonals, turns, first, last }) =>
        rounding * Math.sqrt((diagonals * 2 ** turns.length) / 2 ** (last - first + 1)),
    ),
  );
  const numbers = (argumentAmplitude * deviation) / (plan.evalMod.bound + 0.25);
  return Math.hypot(rescale, relative * numbers);
}

/**
 * Predicts the precision of a bootstrap of numbers that are uniform up to the plan's bound, by running EvalMod with the noise of each operation on
 * as many numbers as there are slots. The sine, its polynomial, CoeffsToSlots and EvalMod count; SlotsToCoeffs, whose noise is small beside theirs or
 * spread over the coefficients, does not.
 */
export function predictPrecision({ plan, parameters }: PlannedBootstrap): BootstrapPrecision {
  const { ringDegree, evalMod, messageBound, sparseWeight } = plan;
  const { uniform, normal } = makeNumbers();
  const deviation = overflowDeviation(sparseWeight ?? denseWeight(ringDegree));
  const ratio = Number(parameters.primes[0]) / parameters.scales[0];
  const slots = ringDegree / 2;
  const isFirst = plan.order === 'slots-to-coeffs-first';
  // What is reduced: the numbers themselves, or the coefficients of the polynomial that has them in its slots.
  const small = messageBound / Math.sqrt(3 * 2 * plan.slots);
  const numbers = Float64Array.from({ length: slots }, () =>
    isFirst ? messageBound * (2 * uniform() - 1) : small * normal(),
  );
  const spread = argumentNoise(plan, parameters, deviation);
  const overflow = (): number =>
    Math.max(1 - evalMod.bound, Math.min(evalMod.bound - 1, Math.round(deviation * normal())));
  const v = numbers.map(
    (z) => (argumentAmplitude * (overflow() + z / ratio)) / (evalMod.bound + 0.25) + spread * normal(),
  );
  const [run] = sampleNoise(evalModFunc(plan, parameters), parameters, [[v]]);
  const reduced = run.noisy[0].map((y, i) => Math.abs(y - numbers[i]));
  // In a slot the errors of all coefficients add up, with signs: they come out normal.
  const rms = Math.sqrt(reduced.reduce((sum, e) => sum + e * e, 0) / slots);
  const errors = isFirst ? reduced : reduced.map(() => Math.abs(Math.sqrt(2 * plan.slots) * rms * normal()));
  return {
    mean: -Math.log2(errors.reduce((sum, e) => sum + e, 0) / slots),
    worst: -Math.log2(errors.reduce((most, e) => Math.max(most, e), 0)),
  };
}
