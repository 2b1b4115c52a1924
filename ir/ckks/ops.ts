import { defineOp, type InferContext, type OpDefinition } from '../define.ts';
import { cipherType, plainType, type CipherType, type PlainType, type Type } from '../types.ts';
import { bootstrapOps } from './bootstrap-ops.ts';
import { addVectors, isComplex, mulVectors, negateVector, rotateVector, subVectors } from '../complex.ts';
import { slotCount, type Parameters } from './parameters.ts';

/** Two scales count as equal when they differ by at most this factor: rounding of doubles only. */
const scaleTolerance = 2 ** -40;

export const sameScale = (a: number, b: number): boolean => Math.abs(a - b) <= scaleTolerance * Math.max(a, b);

const parametersOf = (context: InferContext): Parameters | string =>
  context.parameters ?? 'the module states no parameters';

const cipherOf = (type: Type): CipherType | string => (type.kind === 'cipher' ? type : 'operand must be a ciphertext');

/** Checks a cipher and a second operand at one level; `combine` gives the result. */
function pair<K extends 'cipher' | 'plain'>(
  types: readonly Type[],
  kind: K,
  combine: (a: CipherType, b: K extends 'cipher' ? CipherType : PlainType) => Type | string,
): Type | string {
  const [a, b] = types;
  if (a.kind !== 'cipher' || b.kind !== kind) return `operands must be a ciphertext and a ${kind}text`;
  if (a.level !== b.level) return `operands are at levels ${a.level} and ${b.level}`;
  return combine(a, b as K extends 'cipher' ? CipherType : PlainType);
}

const sum = (types: readonly Type[]): Type | string =>
  pair(types, 'cipher', (a, b) =>
    sameScale(a.scale, b.scale)
      ? cipherType(a.level, a.scale, Math.max(a.size, b.size))
      : `operands have scales ${a.scale} and ${b.scale}`,
  );

const noAttrs = {} as const;

export const add = defineOp({
  name: 'ckks.add',
  doc: 'Sum of two ciphertexts of equal level and scale.',
  operands: ['lhs', 'rhs'],
  attrs: noAttrs,
  traits: ['commutative'],
  infer: sum,
  eval: ([a, b]) => addVectors(a, b),
});

export const sub = defineOp({
  name: 'ckks.sub',
  doc: 'Difference of two ciphertexts of equal level and scale.',
  operands: ['lhs', 'rhs'],
  attrs: noAttrs,
  traits: [],
  infer: sum,
  eval: ([a, b]) => subVectors(a, b),
});

export const negate = defineOp({
  name: 'ckks.negate',
  doc: 'Negation.',
  operands: ['x'],
  attrs: noAttrs,
  traits: [],
  infer: ([x]) => cipherOf(x),
  eval: ([x]) => negateVector(x),
});

export const mul = defineOp({
  name: 'ckks.mul',
  doc: 'Product of two ciphertexts of equal level: scales multiply, and the size grows to the sum of the sizes less one.',
  operands: ['lhs', 'rhs'],
  attrs: noAttrs,
  traits: ['commutative'],
  infer: (types) =>
    pair(types, 'cipher', (a, b) =>
      a.size === 2 && b.size === 2
        ? cipherType(a.level, a.scale * b.scale, 3)
        : `operands have sizes ${a.size} and ${b.size}: relinearize first`,
    ),
  eval: ([a, b]) => mulVectors(a, b),
});

export const encode = defineOp({
  name: 'ckks.encode',
  doc: 'Encodes a public vector at a level and a scale: shape [slots], or [2, slots] for complex slots (a row of real parts, a row of imaginary parts), or one number for every slot.',
  operands: [],
  attrs: { vector: 'tensor', level: 'int', scale: 'float' },
  traits: [],
  infer: (_, { vector, level, scale }, context) => {
    const parameters = parametersOf(context);
    if (typeof parameters === 'string') return parameters;
    const slots = slotCount(parameters);
    const elements = vector.data.length;
    if (isComplex(vector) ? elements !== 2 * slots : elements !== 1 && elements !== slots)
      return `vector has ${elements} elements${isComplex(vector) ? ' in two rows' : ''} for ${slots} slots`;
    if (level < 0 || level >= parameters.primes.length) return `level ${level} is not in the chain`;
    return scale >= 1 ? plainType(level, scale) : `scale ${scale} is below 1`;
  },
  eval: (_, { vector }) => vector,
});

export const addPlain = defineOp({
  name: 'ckks.add_plain',
  doc: 'Adds an encoded vector of equal level and scale.',
  operands: ['x', 'plain'],
  attrs: noAttrs,
  traits: [],
  infer: (types) =>
    pair(types, 'plain', (a, b) =>
      sameScale(a.scale, b.scale) ? a : `operands have scales ${a.scale} and ${b.scale}`,
    ),
  eval: ([x, p]) => addVectors(x, p),
});

export const mulPlain = defineOp({
  name: 'ckks.mul_plain',
  doc: 'Product with an encoded vector of equal level: scales multiply.',
  operands: ['x', 'plain'],
  attrs: noAttrs,
  traits: [],
  infer: (types) => pair(types, 'plain', (a, b) => cipherType(a.level, a.scale * b.scale, a.size)),
  eval: ([x, p]) => mulVectors(x, p),
});

export const relinearize = defineOp({
  name: 'ckks.relinearize',
  doc: 'Brings a ciphertext of size 3 back to size 2 (one key switch).',
  operands: ['x'],
  attrs: noAttrs,
  traits: [],
  infer: ([x]) =>
    x.kind === 'cipher' && x.size === 3 ? cipherType(x.level, x.scale, 2) : 'operand must be a ciphertext of size 3',
  eval: ([x]) => x,
});

export const rescale = defineOp({
  name: 'ckks.rescale',
  doc: 'Divides by the last prime of the level: one level and the bits of that prime less scale.',
  operands: ['x'],
  attrs: noAttrs,
  traits: [],
  infer: ([x], _, context) => {
    const parameters = parametersOf(context);
    if (typeof parameters === 'string') return parameters;
    if (x.kind !== 'cipher' || x.level < 1) return 'operand must be a ciphertext above level 0';
    if (x.level >= parameters.primes.length) return `level ${x.level} is not in the chain`;
    return cipherType(x.level - 1, x.scale / Number(parameters.primes[x.level]), x.size);
  },
  eval: ([x]) => x,
});

export const modSwitch = defineOp({
  name: 'ckks.mod_switch',
  doc: 'Drops primes down to a lower level; the scale stays.',
  operands: ['x'],
  attrs: { level: 'int' },
  traits: [],
  infer: ([x], { level }) =>
    x.kind === 'cipher' && level >= 0 && level < x.level
      ? cipherType(level, x.scale, x.size)
      : 'the level must be below the level of the operand',
  eval: ([x]) => x,
});

export const rotate = defineOp({
  name: 'ckks.rotate',
  doc: 'Rotation of the slots to the left by `steps` (one key switch with the Galois key of these steps).',
  operands: ['x'],
  attrs: { steps: 'int' },
  traits: [],
  infer: ([x], { steps }, context) => {
    const parameters = parametersOf(context);
    if (typeof parameters === 'string') return parameters;
    if (x.kind !== 'cipher' || x.size !== 2) return 'operand must be a ciphertext of size 2';
    return steps > 0 && steps < slotCount(parameters) ? x : `steps ${steps} must lie between 1 and the slots`;
  },
  eval: ([x], { steps }) => rotateVector(x, steps),
});

export const ckksOps: readonly OpDefinition[] = [
  add,
  sub,
  negate,
  mul,
  encode,
  addPlain,
  mulPlain,
  relinearize,
  rescale,
  modSwitch,
  rotate,
  ...bootstrapOps,
];
