import type { Builder } from '../../../ir/builder.ts';
import { conjugate, modRaise, switchKey } from '../../../ir/ckks/bootstrap-ops.ts';
import * as ckks from '../../../ir/ckks/ops.ts';
import type { Parameters } from '../../../ir/ckks/parameters.ts';
import { InternalError } from '../../../ir/diagnostics.ts';
import type { Value } from '../../../ir/module.ts';
import { cipherOf, emitFactor, plaintextScale, rotateValue } from './emit-factor.ts';
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
  const summed = emitTrace(builder, raised, plan);
  const v = emitCoeffsToSlots(builder, summed, plan, parameters);
  const amplitudes = amplitudesOf(plan, parameters);
  return emitSegment(builder, parameters, plan.levels.output, v, (on, y) =>
    applyEvalMod(on, y, plan.evalMod, amplitudes),
  );
}

/** From `levels.input` to level 0. */
function emitSlotsToCoeffs(builder: Builder, x: Value, plan: BootstrapPlan, parameters: Parameters): Value {
  const { level } = cipherOf(x);
  if (level < plan.levels.input)
    throw new InternalError(`the bootstrap starts at level ${plan.levels.input}, its operand is at ${level}`);
  return plan.slotsToCoeffs.reduce(
    (value, factor, i) =>
      builder.create(
        ckks.rescale,
        [
          emitFactor(
            builder,
            parameters,
            value,
            plan.levels.input - i,
            mapOfFactor(factor, plan.slots),
            factor.steps,
            1,
          ),
        ],
        {},
        x.loc,
      ),
    x,
  );
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
function emitTrace(builder: Builder, x: Value, { slots, ringDegree }: BootstrapPlan): Value {
  let sum = x;
  for (let steps = slots; steps < ringDegree / 2; steps *= 2)
    sum = builder.create(ckks.add, [sum, rotateValue(builder, sum, steps, ringDegree / 2)], {}, x.loc);
  return sum;
}

/** From the top to `levels.evalMod`: EvalMod's argument, a multiple of x = m / q_0 + I. */
function emitCoeffsToSlots(builder: Builder, x: Value, plan: BootstrapPlan, parameters: Parameters): Value {
  const { slots, ringDegree, levels, evalMod, coeffsToSlots } = plan;
  const { scales, primes } = parameters;
  const toArgument = ((scales[0] / Number(primes[0])) * argumentAmplitude) / (evalMod.bound + 0.25);
  const trace = ringDegree / 2 / slots;
  const whole = toArgument / (2 * trace * slots);
  // The constant is split so that all plaintexts have integers of one size: their rounding then does least harm.
  const scaleOf = (i: number): number =>
    i === 0 ? plaintextScale(parameters, levels.top, cipherOf(x)) : scales[levels.top - i];
  const bits = coeffsToSlots.reduce((sum, _, i) => sum + Math.log2(scaleOf(i)), Math.log2(whole));
  const integer = 2 ** (bits / coeffsToSlots.length);
  let left = whole;
  let value = x;
  coeffsToSlots.forEach((factor, i) => {
    const constant = i + 1 < coeffsToSlots.length ? integer / scaleOf(i) : left;
    left /= constant;
    const map = mapOfFactor(factor, slots);
    value = emitFactor(builder, parameters, value, levels.top - i, map, factor.steps, constant);
    // The last rescale comes after the conjugation: the noise of its key switch then weighs nothing.
    if (i + 1 < coeffsToSlots.length) value = builder.create(ckks.rescale, [value], {}, x.loc);
  });
  const mirrored = builder.create(conjugate, [value], {}, x.loc);
  return builder.create(ckks.rescale, [builder.create(ckks.add, [value, mirrored], {}, x.loc)], {}, x.loc);
}
