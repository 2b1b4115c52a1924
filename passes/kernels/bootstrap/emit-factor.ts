import type { Builder } from '../../../ir/builder.ts';
import * as ckks from '../../../ir/ckks/ops.ts';
import { complexTensor } from '../../../ir/complex.ts';
import type { Parameters } from '../../../ir/ckks/parameters.ts';
import { InternalError } from '../../../ir/diagnostics.ts';
import type { Value } from '../../../ir/module.ts';
import type { Tensor } from '../../../ir/tensor.ts';
import type { CipherType } from '../../../ir/types.ts';
import { wrapSteps, type ComplexVector, type DiagonalMap } from './complex-diagonals.ts';
import type { StepPlan } from './step-plan.ts';

export function cipherOf(value: Value): CipherType {
  if (value.type.kind !== 'cipher') throw new InternalError(`${value.op} is not a ciphertext`);
  return value.type;
}

/** Rotation to the left by any number of steps; by none, the value itself. */
export function rotateValue(builder: Builder, x: Value, steps: number, size: number): Value {
  const by = wrapSteps(steps, size);
  return by === 0 ? x : builder.create(ckks.rotate, [x], { steps: by }, x.loc);
}

/** The vector times `constant`, rotated right by `shift` and repeated over all slots. */
function plaintext(d: ComplexVector, constant: number, shift: number, slots: number): Tensor {
  const period = d.re.length;
  const spread = (part: Float64Array): Float64Array =>
    Float64Array.from({ length: slots }, (_, j) => constant * part[wrapSteps(j - shift, period)]);
  return complexTensor(spread(d.re), spread(d.im));
}

/**
 * Emits constant * map on `x` at `level`, at or below the level of `x`, not yet rescaled. Rotations of the input stand together before all products, so that
 * a back end can hoist them.
 */
export function emitFactor(
  builder: Builder,
  parameters: Parameters,
  x: Value,
  level: number,
  map: DiagonalMap,
  { stride, babies, giants }: StepPlan,
  constant: number,
): Value {
  const { loc } = x;
  const { size } = map;
  const slots = parameters.ringDegree / 2;
  const lowered = cipherOf(x).level === level ? x : builder.create(ckks.modSwitch, [x], { level }, loc);
  const scale = parameters.scales[level] ** 2 / cipherOf(lowered).scale;
  const rotated = Array.from({ length: babies }, (_, b) => rotateValue(builder, lowered, b * stride, size));
  const add = (a: Value | undefined, b: Value | undefined): Value | undefined =>
    a && b ? builder.create(ckks.add, [a, b], {}, loc) : (a ?? b);
  const sumOf = (giant: number): Value | undefined => {
    let total: Value | undefined;
    rotated.forEach((value, b) => {
      const d = map.diagonals.get(wrapSteps((giant * babies + b) * stride, size));
      // At the ends the babies reach beyond the diagonals; there they may also wrap round to the other end.
      if (!d || used.has(d)) return;
      used.add(d);
      const vector = plaintext(d, constant, giant * babies * stride, slots);
      const plain = builder.create(ckks.encode, [], { vector, level, scale }, loc);
      total = add(total, builder.create(ckks.mulPlain, [value, plain], {}, loc));
    });
    return total;
  };
  const used = new Set<ComplexVector>();
  /** From the farthest giant of one sign inward: each rotation moves all sums so far by one giant step. */
  const chain = (order: readonly number[], steps: number): Value | undefined => {
    let total: Value | undefined;
    for (const giant of order) {
      total = add(total, sumOf(giant));
      if (total) total = rotateValue(builder, total, steps, size);
    }
    return total;
  };
  const middle = sumOf(0);
  const above = chain(giants.filter((g) => g > 0).reverse(), babies * stride);
  const below = chain(
    giants.filter((g) => g < 0),
    -babies * stride,
  );
  const total = add(add(middle, above), below);
  if (!total || used.size !== map.diagonals.size) throw new InternalError('diagonals are left over');
  return total;
}
