import { defineOp, type OpDefinition } from '../define.ts';
import { tensor, type Tensor } from '../tensor.ts';
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
  const fits = vector.data.length === slots || vector.data.length === 1;
  return fits ? packedType(slots) : `vector has ${vector.data.length} elements for ${slots} slots`;
};

const zip = (a: Tensor, b: Tensor, f: (x: number, y: number) => number): Tensor => {
  const one = b.data.length === 1;
  return tensor(
    a.shape,
    a.data.map((x, i) => f(x, b.data[one ? 0 : i])),
  );
};

/** `out[i] = in[(i + steps) mod n]`: rotation to the left, as SEAL's rotate_vector. */
export function rotateLeft(x: Tensor, steps: number): Tensor {
  const n = x.data.length;
  const by = ((steps % n) + n) % n;
  const data = new Float64Array(n);
  data.set(x.data.subarray(by));
  data.set(x.data.subarray(0, by), n - by);
  return tensor(x.shape, data);
}

export const add = defineOp({
  name: 'slots.add',
  doc: 'Slot-wise sum of two encrypted vectors.',
  operands: ['lhs', 'rhs'],
  attrs: {},
  traits: ['commutative'],
  infer: vectorOf,
  eval: ([a, b]) => zip(a, b, (x, y) => x + y),
});

export const sub = defineOp({
  name: 'slots.sub',
  doc: 'Slot-wise difference of two encrypted vectors.',
  operands: ['lhs', 'rhs'],
  attrs: {},
  traits: [],
  infer: vectorOf,
  eval: ([a, b]) => zip(a, b, (x, y) => x - y),
});

export const mul = defineOp({
  name: 'slots.mul',
  doc: 'Slot-wise product of two encrypted vectors.',
  operands: ['lhs', 'rhs'],
  attrs: {},
  traits: ['commutative'],
  infer: vectorOf,
  eval: ([a, b]) => zip(a, b, (x, y) => x * y),
});

export const addPlain = defineOp({
  name: 'slots.add_plain',
  doc: 'Adds a public vector, or one number to every slot.',
  operands: ['x'],
  attrs: { vector: 'tensor' },
  traits: [],
  infer: (types, { vector }) => withVector(types, vector),
  eval: ([x], { vector }) => zip(x, vector, (a, b) => a + b),
});

export const mulPlain = defineOp({
  name: 'slots.mul_plain',
  doc: 'Slot-wise product with a public vector, or with one number in every slot.',
  operands: ['x'],
  attrs: { vector: 'tensor' },
  traits: [],
  infer: (types, { vector }) => withVector(types, vector),
  eval: ([x], { vector }) => zip(x, vector, (a, b) => a * b),
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
  eval: ([x], { steps }) => rotateLeft(x, steps),
});

export const negate = defineOp({
  name: 'slots.negate',
  doc: 'Slot-wise negation.',
  operands: ['x'],
  attrs: {},
  traits: [],
  infer: vectorOf,
  eval: ([x]) =>
    tensor(
      x.shape,
      x.data.map((a) => -a),
    ),
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

export const slotsOps: readonly OpDefinition[] = [add, sub, mul, addPlain, mulPlain, rotate, negate, pack, refresh];
