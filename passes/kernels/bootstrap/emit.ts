import type { Builder } from '../../../ir/builder.ts';
import { conjugate, modRaise, switchKey } from '../../../ir/ckks/bootstrap-ops.ts';
import * as ckks from '../../../ir/ckks/ops.ts';
import type { Parameters } from '../../../ir/ckks/parameters.ts';
import { InternalError } from '../../../ir/diagnostics.ts';
import type { Value } from '../../../ir/module.ts';
import { cipherOf, emitFactor, rotateValue } from './emit-factor.ts';
import { applyEvalMod, argumentAmplitude } from './eval-mod.ts';
import { mapOfFactor } from './factors.ts';
import { amplitudesOf, type BootstrapPlan } from './plan.ts';
import { emitSegment } from './segment.ts';

/**
 * Emits a bootstrap of `x`: real numbers of at most the plan's bound, repeated where the plan has fewer slots than the ring, at any level
 * from `plan.levels.input` on and at any scale. The result stands at `plan.levels.output` with the canonical scale.
 *
 * SlotsToCoeffs moves slot k into coefficient bitreverse(k); the raise of the modulus adds q_0 I to every coefficient; CoeffsToSlots moves the
 * coefficients back, in the same order, beside what the other half of the coefficients holds, which the sum with the conjugate
 * takes away; EvalMod removes q_0 I.
 */
export function emitBootstrap(builder: Builder, x: Value, plan: BootstrapPlan, parameters: Parameters): Value {
  const small = emitSlotsToCoeffs(builder, x, plan, parameters);
  const raised = emitRaise(builder, small, plan);
  const v = emitCoeffsToSlots(builder, emitTrace(builder, raised, plan), plan, parameters);
  return emitEvalMod(builder, v, plan, parameters);
}

/** From `levels.evalMod` to `levels.output`. */
export function emitEvalMod(builder: Builder, v: Value, plan: BootstrapPlan, parameters: Parameters): Value {
  const amplitudes = amplitudesOf(plan, parameters);
  return emitSegment(builder, parameters, plan.levels.output, v, (on, x) =>
    applyEvalMod(on, x, plan.evalMod, amplitudes),
  );
}

/** From `levels.input` to level 0. */
function emitSlotsToCoeffs(builder: Builder, x: Value, plan: BootstrapPlan, parameters: Parameters): Value {
  const { level } = cipherOf(x);
  if (level < plan.levels.input)
    throw new InternalError(`the bootstrap starts at level ${plan.levels.input}, its operand is at ${level}`);
  const { slotsToCoeffs, slots } = plan;
  return slotsToCoeffs.reduce((value, factor, i) => {
    const map = mapOfFactor(factor, slots);
    const product = emitFactor(builder, parameters, value, slotsToCoeffs.length - i, map, factor.steps, 1);
    return builder.create(ckks.rescale, [product], {}, x.loc);
  }, x);
}

function emitRaise(builder: Builder, x: Value, { levels, sparseWeight }: BootstrapPlan): Value {
  const { loc } = x;
  const raise = (value: Value): Value => builder.create(modRaise, [value], { level: levels.top }, loc);
  if (sparseWeight === undefined) return raise(x);
  const sparse = builder.create(switchKey, [x], { to: 'sparse' }, loc);
  return builder.create(switchKey, [raise(sparse)], { to: 'dense' }, loc);
}

/**
 * With n of N/2 slots the message is a polynomial in X^(N/2n), but I has all coefficients. The sum over the rotations by multiples of n is the trace
 * to the smaller ring: it keeps the coefficients of that ring, times N/2n, and takes away the others.
 */
function emitTrace(builder: Builder, x: Value, { slots, ringDegree, levels, coeffsToSlots }: BootstrapPlan): Value {
  const level = levels.evalMod + coeffsToSlots.length;
  let sum = level < levels.top ? builder.create(ckks.modSwitch, [x], { level }, x.loc) : x;
  for (let steps = slots; steps < ringDegree / 2; steps *= 2)
    sum = builder.create(ckks.add, [sum, rotateValue(builder, sum, steps, ringDegree / 2)], {}, x.loc);
  return sum;
}

/** The scale of the plaintexts of each factor of CoeffsToSlots. The first meets a ciphertext that still has the scale of level 0. */
const factorScales = ({ levels, coeffsToSlots }: BootstrapPlan, parameters: Parameters): number[] =>
  coeffsToSlots.map((_, i) => {
    const level = levels.evalMod + coeffsToSlots.length - i;
    return i === 0 ? parameters.scales[level] ** 2 / parameters.scales[0] : parameters.scales[level];
  });

/** What CoeffsToSlots multiplies the message at level 0 by, so that EvalMod finds its argument. */
function wholeConstant({ slots, ringDegree, evalMod }: BootstrapPlan, { scales, primes }: Parameters): number {
  const toArgument = ((scales[0] / Number(primes[0])) * argumentAmplitude) / (evalMod.bound + 0.25);
  const trace = ringDegree / 2 / slots;
  return toArgument / (2 * trace * slots);
}

/**
 * The size of the integers of all plaintexts of CoeffsToSlots: its constant is split between the factors so that they are equal, since then their
 * rounding does least harm.
 */
export function integerOfFactors(plan: BootstrapPlan, parameters: Parameters): number {
  const scales = factorScales(plan, parameters);
  const bits = scales.reduce((sum, scale) => sum + Math.log2(scale), Math.log2(wholeConstant(plan, parameters)));
  return 2 ** (bits / scales.length);
}

/** From the level of `x` to `levels.evalMod`: EvalMod's argument, a multiple of x = m / q_0 + I. */
function emitCoeffsToSlots(builder: Builder, x: Value, plan: BootstrapPlan, parameters: Parameters): Value {
  const { slots, coeffsToSlots } = plan;
  const { level } = cipherOf(x);
  const scales = factorScales(plan, parameters);
  const integer = integerOfFactors(plan, parameters);
  let left = wholeConstant(plan, parameters);
  let value = x;
  coeffsToSlots.forEach((factor, i) => {
    const last = i + 1 === coeffsToSlots.length;
    const constant = last ? left : integer / scales[i];
    left /= constant;
    value = emitFactor(builder, parameters, value, level - i, mapOfFactor(factor, slots), factor.steps, constant);
    // The last rescale comes after the conjugation: the noise of its key switch then weighs nothing.
    if (!last) value = builder.create(ckks.rescale, [value], {}, x.loc);
  });
  const mirrored = builder.create(conjugate, [value], {}, x.loc);
  return builder.create(ckks.rescale, [builder.create(ckks.add, [value, mirrored], {}, x.loc)], {}, x.loc);
}
