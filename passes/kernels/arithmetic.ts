/**
 * The operations on vectors of `slots` numbers that kernels are written over, once. Interpreters evaluate, count and emit them
 * (the tagless kernels of HEIR, lib/Kernel). Public vectors have `slots` numbers, or one number for every slot. Slots are real, but for
 * kernels that make them complex and real again.
 */
export interface Arithmetic<V> {
  readonly slots: number;
  add(a: V, b: V): V;
  sub(a: V, b: V): V;
  /** Product of two encrypted vectors. */
  mul(a: V, b: V): V;
  /** `imaginary`: the imaginary parts of a complex public vector, as many as real ones. */
  mulPlain(a: V, vector: Float64Array, imaginary?: Float64Array): V;
  addPlain(a: V, vector: Float64Array): V;
  /** Rotation to the left by 0 < steps < slots. */
  rotate(a: V, steps: number): V;
  negate(a: V): V;
  /** Complex conjugate of every slot. */
  conjugate(a: V): V;
  /** Product with the monomial X^power of the ring, 0 < power < 4 slots: exp(i pi power 3^j / (2 slots)) in slot j. */
  mulMonomial(a: V, power: number): V;
}

/** Rotation by any whole number of steps; by a multiple of the slots it is the vector itself. */
export function rotateBy<V>(on: Arithmetic<V>, a: V, steps: number): V {
  const by = ((steps % on.slots) + on.slots) % on.slots;
  return by === 0 ? a : on.rotate(a, by);
}

/** The sum of at least one vector. */
export function sum<V>(on: Arithmetic<V>, terms: readonly V[]): V {
  return terms.reduce((total, term) => on.add(total, term));
}
