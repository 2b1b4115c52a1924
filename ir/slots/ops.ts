import { defineOp, type OpDefinition } from '../define.ts';
import {
  addVectors,
  conjugateVector,
  isComplex,
  mulByMonomial,
  mulVectors,
  negateVector,
  rotateVector,
  subVectors,
} from '../complex.ts';
import type { Tensor } from '../tensor.ts';
import { packedType, type Type } from '../types.ts';
import { parseLayout } from '../layout.ts';

const slotsOf = (types: readonly Type[]): number | string => {
  const sizes = types.map((t) => (t.kind === 'packed' ? t.slots : -1));
  return sizes[0] > 0 && sizes.every((s) => s === sizes[0])
    ? sizes[0]
    : 'operands must be packed vectors of equal length';
};

const vectorOf = (types: readonly Type[]): Type | string => {
  const slots = slotsOf(types);
  return typeof slots === 'string' ? slots : packedType(slots);
};

const withVector = (types: readonly Type[], vector: Tensor): Type | string => {
  const slots = slotsOf(types);
  if (typeof slots === 'string') return slots;
  const fits = vector.data.length === (isComplex(vector) ? 2 * slots : slots) || vector.data.length === 1;
  return fits ? packedType(slots) : `vector has ${vector.data.length} elements for ${slots} slots`;
};

export const add = defineOp({
  name: 'slots.add',
  doc: 'Slot-wise sum of two encrypted vectors.',
  operands: ['lhs', 'rhs'],
  attrs: {},
  traits: ['commutative'],
  infer: vectorOf,
  eval: ([a, b]) => addVectors(a, b),
});

export const sub = defineOp({
  name: 'slots.sub',
  doc: 'Slot-wise difference of two encrypted vectors.',
  operands: ['lhs', 'rhs'],
  attrs: {},
  traits: [],
  infer: vectorOf,
  eval: ([a, b]) => subVectors(a, b),
});

export const mul = defineOp({
  name: 'slots.mul',
  doc: 'Slot-wise product of two encrypted vectors.',
  operands: ['lhs', 'rhs'],
  attrs: {},
  traits: ['commutative'],
  infer: vectorOf,
  eval: ([a, b]) => mulVectors(a, b),
});

export const addPlain = defineOp({
  name: 'slots.add_plain',
  doc: 'Adds a public vector, or one number to every slot.',
  operands: ['x'],
  attrs: { vector: 'tensor' },
  traits: [],
  infer: (types, { vector }) => withVector(types, vector),
  eval: ([x], { vector }) => addVectors(x, vector),
});

export const mulPlain = defineOp({
  name: 'slots.mul_plain',
  doc: 'Slot-wise product with a public vector, real or of shape [2, slots] for complex numbers (a row of real parts, a row of imaginary parts), or with one number in every slot.',
  operands: ['x'],
  attrs: { vector: 'tensor' },
  traits: [],
  infer: (types, { vector }) => withVector(types, vector),
  eval: ([x], { vector }) => mulVectors(x, vector),
});

export const rotate = defineOp({
  name: 'slots.rotate',
  doc: 'Rotation to the left: out[i] = x[(i + steps) mod slots], 0 < steps < slots.',
  operands: ['x'],
  attrs: { steps: 'int' },
  traits: [],
  infer: (types, { steps }) => {
    const slots = slotsOf(types);
    if (typeof slots === 'string') return slots;
    return steps > 0 && steps < slots ? packedType(slots) : `steps ${steps} must lie between 1 and ${slots - 1}`;
  },
  eval: ([x], { steps }) => rotateVector(x, steps),
});

export const negate = defineOp({
  name: 'slots.negate',
  doc: 'Slot-wise negation.',
  operands: ['x'],
  attrs: {},
  traits: [],
  infer: vectorOf,
  eval: ([x]) => negateVector(x),
});

export const conjugate = defineOp({
  name: 'slots.conjugate',
  doc: 'Complex conjugate of every slot.',
  operands: ['x'],
  attrs: {},
  traits: [],
  infer: vectorOf,
  eval: ([x]) => conjugateVector(x),
});

export const mulMonomial = defineOp({
  name: 'slots.mul_monomial',
  doc: 'Product with the monomial X^power of the ring, N = 2 slots: exp(i pi power 3^j / N) in slot j. Numbers of absolute value 1; costs no level. For power = N/2 i in the slots of even number, -i in those of odd number.',
  operands: ['x'],
  attrs: { power: 'int' },
  traits: [],
  infer: (types, { power }) => {
    const slots = slotsOf(types);
    if (typeof slots === 'string') return slots;
    return power > 0 && power < 4 * slots
      ? packedType(slots)
      : `power ${power} must lie between 1 and ${4 * slots - 1}`;
  },
  eval: ([x], { power }) => mulByMonomial(x, power),
});

export const pack = defineOp({
  name: 'slots.pack',
  doc: 'States that the vectors together hold a tensor in a layout: marks the values that stand for a tensor. Computes nothing.',
  operands: ['x'],
  attrs: { layout: 'string' },
  traits: [],
  infer: (types, { layout }) => {
    const slots = slotsOf(types);
    const parsed = parseLayout(layout);
    if (typeof slots === 'string') return slots;
    return parsed ? packedType(slots, parsed) : `'${layout}' is not a layout`;
  },
  eval: ([x]) => x,
});

export const refresh = defineOp({
  name: 'slots.refresh',
  doc: 'The identity on values: the vector is bootstrapped, which renews its levels. The vector repeats with `period`, a power of two from 4 on; a shorter period makes the bootstrap cheaper.',
  operands: ['x'],
  attrs: { period: 'int' },
  traits: [],
  infer: (types, { period }) => {
    const slots = slotsOf(types);
    if (typeof slots === 'string') return slots;
    const fits = period >= 4 && period <= slots && Number.isInteger(Math.log2(period));
    return fits ? packedType(slots) : `period ${period} is no power of two from 4 to ${slots}`;
  },
  eval: ([x]) => x,
});

export const slotsOps: readonly OpDefinition[] = [
  add,
  sub,
  mul,
  addPlain,
  mulPlain,
  rotate,
  negate,
  conjugate,
  mulMonomial,
  pack,
  refresh,
];
