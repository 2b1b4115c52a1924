import type { Builder } from '../../../ir/builder.ts';
import { conjugate, modRaise, switchKey } from '../../../ir/ckks/bootstrap-ops.ts';
import * as ckks from '../../../ir/ckks/ops.ts';
import type { Parameters } from '../../../ir/ckks/parameters.ts';
import { InternalError } from '../../../ir/diagnostics.ts';
import type { Value } from '../../../ir/module.ts';
import { tensor } from '../../../ir/tensor.ts';
import { halveInput, type DiagonalMap } from './complex-diagonals.ts';
import { cipherOf, emitFactor, rotateValue } from './emit-factor.ts';
import { applyEvalMod, argumentAmplitude } from './eval-mod.ts';
import { mapOfFactor } from './factors.ts';
import { amplitudesOf, type BootstrapPlan } from './plan.ts';
import { emitSegment } from './segment.ts';

/**
 * Emits a bootstrap of `x`: real numbers of at most the plan's bound, repeated where the plan has fewer slots than the ring, at any level
 * from `plan.levels.input` on and at any scale. The result stands at `plan.levels.output` with the canonical scale.
 *
 * With SlotsToCoeffs first, it moves slot k into coefficient bitreverse(k); the raise of the modulus adds q_0 I to every coefficient; CoeffsToSlots
 * moves the coefficients back, in the same order, beside what the other half of the coefficients holds, which the sum with the conjugate
 * takes away; EvalMod removes q_0 I. With SlotsToCoeffs last, the raise meets the coefficients t_k of the message as it is. Real slots make them
 * antisymmetric, t_(2n-k) = -t_k, so that one EvalMod of the first n suffices: w is V t' plus its conjugate, where t' has t_0 / 2.
 */
export function emitBootstrap(builder: Builder, x: Value, plan: BootstrapPlan, parameters: Parameters): Value {
  const { level } = cipherOf(x);
  if (level < plan.levels.input)
    throw new InternalError(`the bootstrap starts at level ${plan.levels.input}, its operand is at ${level}`);
  const reduced = (small: Value): Value => {
    const raised = emitRaise(builder, small, plan);
    const v = emitCoeffsToSlots(builder, emitTrace(builder, raised, plan), plan, parameters);
    return emitEvalMod(builder, v, plan, parameters);
  };
  if (plan.order === 'slots-to-coeffs-first')
    return reduced(builder.create(ckks.rescale, [emitSlotsToCoeffs(builder, x, 0, plan, parameters)], {}, x.loc));
  const coefficients = reduced(emitLowest(builder, x, parameters));
  const { output } = plan.levels;
  const half = emitSlotsToCoeffs(builder, coefficients, output, plan, parameters, (map) => halveInput(map, 0));
  return emitMirrored(builder, half);
}

/** From `levels.evalMod` to `levels.reduced`. */
export function emitEvalMod(builder: Builder, v: Value, plan: BootstrapPlan, parameters: Parameters): Value {
  const amplitudes = amplitudesOf(plan, parameters);
  return emitSegment(builder, parameters, plan.levels.reduced, v, (on, x) =>
    applyEvalMod(on, x, plan.evalMod, amplitudes),
  );
}

/** To level `bottom`, the last factor not yet rescaled; `edit` changes the map of the first. */
function emitSlotsToCoeffs(
  builder: Builder,
  x: Value,
  bottom: number,
  { slotsToCoeffs, slots }: BootstrapPlan,
  parameters: Parameters,
  edit: (map: DiagonalMap) => DiagonalMap = (map) => map,
): Value {
  return slotsToCoeffs.reduce((value, factor, i) => {
    const map = mapOfFactor(factor, slots);
    const operand = i === 0 ? value : builder.create(ckks.rescale, [value], {}, x.loc);
    const level = bottom + slotsToCoeffs.length - i;
    return emitFactor(builder, parameters, operand, level, i === 0 ? edit(map) : map, factor, 1);
  }, x);
}

/** x plus its conjugate, rescaled: only then, so that the noise of the key switch weighs nothing. */
function emitMirrored(builder: Builder, x: Value): Value {
  const mirrored = builder.create(conjugate, [x], {}, x.loc);
  return builder.create(ckks.rescale, [builder.create(ckks.add, [x, mirrored], {}, x.loc)], {}, x.loc);
}

/** At level 0 with the canonical scale. */
function emitLowest(builder: Builder, x: Value, { scales }: Parameters): Value {
  const { level } = cipherOf(x);
  if (level === 0) return x;
  const { loc } = x;
  const lowered = level === 1 ? x : builder.create(ckks.modSwitch, [x], { level: 1 }, loc);
  const vector = tensor([1], Float64Array.of(1));
  const one = builder.create(ckks.encode, [], { vector, level: 1, scale: scales[1] ** 2 / cipherOf(x).scale }, loc);
  return builder.create(ckks.rescale, [builder.create(ckks.mulPlain, [lowered, one], {}, loc)], {}, loc);
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
    value = emitFactor(builder, parameters, value, level - i, mapOfFactor(factor, slots), factor, constant);
    if (!last) value = builder.create(ckks.rescale, [value], {}, x.loc);
  });
  return emitMirrored(builder, value);
}
