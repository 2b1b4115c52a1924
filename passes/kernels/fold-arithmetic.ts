import { InternalError } from '../../ir/diagnostics.ts';
import { scaleBitsCap } from '../schedule/parameters.ts';
import type { Arithmetic } from './arithmetic.ts';

/** A vector that a kernel works on: encrypted, or public where it does not depend on any input. Public vectors have one number, or one for each slot. */
export type Foldable<V> =
  { readonly kind: 'encrypted'; readonly value: V } | { readonly kind: 'public'; readonly vector: Float64Array };

export const encrypted = <V>(value: V): Foldable<V> => ({ kind: 'encrypted', value });
export const publicVector = (vector: Float64Array): Foldable<never> => ({ kind: 'public', vector });

/** Below this a number rounds to zero at every scale that a schedule may choose. */
const negligible = 2 ** -(scaleBitsCap + 1);

export const isZero = (vector: Float64Array): boolean => vector.every((v) => v === 0);

const zip = (a: Float64Array, b: Float64Array, f: (x: number, y: number) => number): Float64Array =>
  Float64Array.from({ length: Math.max(a.length, b.length) }, (_, i) =>
    f(a[a.length === 1 ? 0 : i], b[b.length === 1 ? 0 : i]),
  );

const negated = (vector: Float64Array): Float64Array => vector.map((v) => -v);

/**
 * Computes on public vectors beforehand, and emits through `on` what encrypted vectors need. A product with a vector that encodes to zero is
 * the public zero: as a ciphertext it would be transparent, which SEAL refuses.
 */
export function foldArithmetic<V>(on: Arithmetic<V>): Arithmetic<Foldable<V>> {
  const vanishes = (vector: Float64Array): boolean => vector.every((v) => Math.abs(v) < negligible);
  const realOnly = (): never => {
    throw new InternalError('public vectors are folded on real slots only');
  };
  const mulPlain = (a: Foldable<V>, vector: Float64Array, imaginary?: Float64Array): Foldable<V> => {
    if (vanishes(vector) && (!imaginary || vanishes(imaginary))) return publicVector(new Float64Array(1));
    if (a.kind === 'encrypted') return encrypted(on.mulPlain(a.value, vector, imaginary));
    return imaginary ? realOnly() : publicVector(zip(a.vector, vector, (x, y) => x * y));
  };
  const addPlain = (a: Foldable<V>, vector: Float64Array): Foldable<V> => {
    if (isZero(vector)) return a;
    return a.kind === 'encrypted'
      ? encrypted(on.addPlain(a.value, vector))
      : publicVector(zip(a.vector, vector, (x, y) => x + y));
  };
  const negate = (a: Foldable<V>): Foldable<V> =>
    a.kind === 'encrypted' ? encrypted(on.negate(a.value)) : publicVector(negated(a.vector));
  return {
    slots: on.slots,
    add: (a, b) => {
      if (b.kind === 'public') return addPlain(a, b.vector);
      return a.kind === 'public' ? addPlain(b, a.vector) : encrypted(on.add(a.value, b.value));
    },
    sub: (a, b) => {
      if (b.kind === 'public') return addPlain(a, negated(b.vector));
      return a.kind === 'public' ? addPlain(negate(b), a.vector) : encrypted(on.sub(a.value, b.value));
    },
    mul: (a, b) => {
      if (b.kind === 'public') return mulPlain(a, b.vector);
      return a.kind === 'public' ? mulPlain(b, a.vector) : encrypted(on.mul(a.value, b.value));
    },
    mulPlain,
    addPlain,
    rotate: (a, steps) => {
      if (a.kind === 'encrypted') return encrypted(on.rotate(a.value, steps));
      const { vector } = a;
      return vector.length === 1 ? a : publicVector(vector.map((_, i) => vector[(i + steps) % vector.length]));
    },
    negate,
    // A public vector is real: it is its conjugate.
    conjugate: (a) => (a.kind === 'encrypted' ? encrypted(on.conjugate(a.value)) : a),
    mulMonomial: (a, power) => (a.kind === 'encrypted' ? encrypted(on.mulMonomial(a.value, power)) : realOnly()),
  };
}

/**
 * A vector whose slots are all zero but whose ciphertext is not transparent: two products with disjoint masks, the noise of the rescale
 * between them included. Costs two levels of `x`. For results that hold no encrypted number and must be ciphertexts all the same.
 */
export function encryptedZero<V>(on: Arithmetic<V>, x: V): V {
  const mask = (parity: number): Float64Array => Float64Array.from({ length: on.slots }, (_, i) => (i + parity) % 2);
  return on.mulPlain(on.mulPlain(x, mask(0)), mask(1));
}
