import type { Builder } from '../../../ir/builder.ts';
import * as ckks from '../../../ir/ckks/ops.ts';
import { complexTensor, monomialSlots } from '../../../ir/complex.ts';
import type { Parameters } from '../../../ir/ckks/parameters.ts';
import { InternalError } from '../../../ir/diagnostics.ts';
import type { Value } from '../../../ir/module.ts';
import type { Tensor } from '../../../ir/tensor.ts';
import type { CipherType } from '../../../ir/types.ts';
import { complexTurnsOf, Phases, turnedPowers, turnedSteps } from '../turns.ts';
import { wrapSteps, zeroVector, type ComplexVector, type DiagonalMap } from './complex-diagonals.ts';
import { productsOf, type FourierFactor } from './factors.ts';

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

/** The product with every combination that copies and imaginary parts hold of one ciphertext: see ../group-diagonals.ts. */
function turnedPlaintext(
  group: readonly (ComplexVector | undefined)[],
  powers: readonly number[],
  constant: number,
  shift: number,
  baby: number,
  phases: Phases,
): Tensor {
  const { slots } = phases;
  const real = new Float64Array(slots);
  const imaginary = new Float64Array(slots);
  group.forEach((d, h) => {
    if (!d) return;
    const period = d.re.length;
    for (let j = 0; j < slots; j++) {
      const turn = phases.turn(powers[h], j + baby);
      const cos = constant * phases.cosine(turn);
      const sin = constant * phases.sine(turn);
      const k = wrapSteps(j - shift, period);
      real[j] += d.re[k] * cos + d.im[k] * sin;
      imaginary[j] += d.im[k] * cos - d.re[k] * sin;
    }
  });
  return complexTensor(real, imaginary);
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
  factor: FourierFactor,
  constant: number,
): Value {
  const { stride, babies, giants } = factor.steps;
  const copies = 2 ** factor.turns.length;
  const { loc } = x;
  const { size } = map;
  const slots = parameters.ringDegree / 2;
  const lowered = cipherOf(x).level === level ? x : builder.create(ckks.modSwitch, [x], { level }, loc);
  const scale = parameters.scales[level] ** 2 / cipherOf(lowered).scale;
  const turns = complexTurnsOf(factor.turns, copies);
  const turned = turns.reduce((z, { steps, power }) => {
    const moved = rotateValue(builder, z, steps, slots);
    const vector = monomialSlots(slots, power);
    const monomial = builder.create(ckks.encode, [], { vector, level, scale: 1 }, loc);
    return builder.create(ckks.add, [z, builder.create(ckks.mulPlain, [moved, monomial], {}, loc)], {}, loc);
  }, lowered);
  const subsets = turnedSteps(factor.turns);
  const powers = turnedPowers(turns, slots);
  const phases = turns.length > 0 ? new Phases(slots) : undefined;
  const most = turns.length > 0 ? productsOf(factor) : Infinity;
  const rotated = Array.from({ length: babies }, (_, b) => rotateValue(builder, turned, b * stride, size));
  const add = (a: Value | undefined, b: Value | undefined): Value | undefined =>
    a && b ? builder.create(ckks.add, [a, b], {}, loc) : (a ?? b);
  const sumOf = (giant: number): Value | undefined => {
    let total: Value | undefined;
    rotated.forEach((value, b) => {
      const at = giant * babies + b;
      const group = subsets.map((by) => map.diagonals.get(wrapSteps(at * stride + by, size)));
      // At the ends the babies reach beyond the diagonals; there they may also wrap round to the other end.
      if (at >= most || !group.some((d) => d && !used.has(d))) return;
      group.forEach((d) => d && used.add(d));
      const shift = giant * babies * stride;
      const vector = phases
        ? turnedPlaintext(group, powers, constant / copies, shift, b * stride, phases)
        : plaintext(group[0] ?? zeroVector(1), constant, shift, slots);
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
  // The highest bits of a slot's number tell its copy.
  return turns.reduce(
    (sum, _, i) => builder.create(ckks.add, [sum, rotateValue(builder, sum, slots / 2 ** (i + 1), slots)], {}, loc),
    total,
  );
}
