import { InternalError } from './diagnostics.ts';
import { tensor, type Tensor } from './tensor.ts';

/**
 * Vectors of slots, at the slots and ckks levels. A vector of n real slots has shape [n] (or any shape of n elements whose first of two dimensions is
 * not 2), one of n complex slots has shape [2, n]: a row of real parts, then a row of imaginary parts. A single number stands for itself
 * in every slot. Results are complex only where an operand is or where the op makes it so, so that real programs stay on reals.
 */
export const isComplex = (x: Tensor): boolean => x.shape.length === 2 && x.shape[0] === 2;

/** Throws {@link InternalError} when the parts differ in length. */
export function complexTensor(real: Float64Array, imaginary: Float64Array): Tensor {
  if (real.length !== imaginary.length) throw new InternalError('real and imaginary parts differ in length');
  const data = new Float64Array(2 * real.length);
  data.set(real);
  data.set(imaginary, real.length);
  return tensor([2, real.length], data);
}

/** The real parts; the vector itself where it is real. */
export const realPart = (x: Tensor): Float64Array => (isComplex(x) ? x.data.subarray(0, x.data.length / 2) : x.data);

/** The imaginary parts; zeros where the vector is real. */
export const imaginaryPart = (x: Tensor): Float64Array =>
  isComplex(x) ? x.data.subarray(x.data.length / 2) : new Float64Array(x.data.length);

/** One number for every slot, spread over the slots of `x`. */
function alike(x: Tensor, p: Tensor): Tensor {
  const slots = realPart(x).length;
  return p.data.length === 1 && slots !== 1 ? tensor([slots], new Float64Array(slots).fill(p.data[0])) : p;
}

/** a + sign * b, slot by slot; a plain loop, since whole programs are evaluated with it. */
function plus(a: Float64Array, b: Float64Array, sign: 1 | -1): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i] + sign * b[i];
  return out;
}

/** a b + sign * c d, slot by slot. */
function products(a: Float64Array, b: Float64Array, sign: 1 | -1, c: Float64Array, d: Float64Array): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i] * b[i] + sign * (c[i] * d[i]);
  return out;
}

function times(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i] * b[i];
  return out;
}

/** a + sign * p, part by part. */
function sum(a: Tensor, p: Tensor, sign: 1 | -1): Tensor {
  const b = alike(a, p);
  if (!isComplex(a) && !isComplex(b)) return tensor(a.shape, plus(a.data, b.data, sign));
  const real = plus(realPart(a), realPart(b), sign);
  const imaginary = plus(imaginaryPart(a), imaginaryPart(b), sign);
  // A vector and its conjugate add up to a real one.
  return imaginary.some((x) => x !== 0) ? complexTensor(real, imaginary) : tensor([real.length], real);
}

export const addVectors = (a: Tensor, b: Tensor): Tensor => sum(a, b, 1);
export const subVectors = (a: Tensor, b: Tensor): Tensor => sum(a, b, -1);

export const negateVector = (x: Tensor): Tensor =>
  tensor(
    x.shape,
    x.data.map((a) => -a),
  );

export function mulVectors(a: Tensor, p: Tensor): Tensor {
  const b = alike(a, p);
  if (!isComplex(a) && !isComplex(b)) return tensor(a.shape, times(a.data, b.data));
  const [ar, br] = [realPart(a), realPart(b)];
  // Real vectors have no imaginary parts to multiply.
  if (!isComplex(a)) return complexTensor(times(ar, br), times(ar, imaginaryPart(b)));
  if (!isComplex(b)) return complexTensor(times(ar, br), times(imaginaryPart(a), br));
  const [ai, bi] = [imaginaryPart(a), imaginaryPart(b)];
  return complexTensor(products(ar, br, -1, ai, bi), products(ar, bi, 1, ai, br));
}

function rotateLeft(x: Float64Array, steps: number): Float64Array {
  const by = ((steps % x.length) + x.length) % x.length;
  const out = new Float64Array(x.length);
  out.set(x.subarray(by));
  out.set(x.subarray(0, by), x.length - by);
  return out;
}

/** `out[i] = in[(i + steps) mod n]`: rotation to the left, as SEAL's rotate_vector; real and imaginary parts alike. */
export function rotateVector(x: Tensor, steps: number): Tensor {
  if (!isComplex(x)) return tensor(x.shape, rotateLeft(x.data, steps));
  return complexTensor(rotateLeft(realPart(x), steps), rotateLeft(imaginaryPart(x), steps));
}

export const conjugateVector = (x: Tensor): Tensor =>
  isComplex(x)
    ? complexTensor(
        realPart(x),
        imaginaryPart(x).map((a) => -a),
      )
    : x;

/**
 * The slots of the monomial X^power in a ring of N = 2 * slots coefficients: exp(i pi power 3^j / N) in slot j (ckks/embedding.ts). For power = N/2 that
 * is i in the even slots and -i in the odd ones, since 3^j is 1 or 3 modulo 4.
 */
export function monomialSlots(slots: number, power: number): Tensor {
  const order = 4 * slots;
  const [real, imaginary] = [new Float64Array(slots), new Float64Array(slots)];
  for (let j = 0, turn = power % order; j < slots; j++, turn = (3 * turn) % order) {
    real[j] = Math.cos((2 * Math.PI * turn) / order);
    imaginary[j] = Math.sin((2 * Math.PI * turn) / order);
  }
  return complexTensor(real, imaginary);
}

/** Product with the monomial X^power of a ring of twice as many coefficients as there are slots. */
export function mulByMonomial(x: Tensor, power: number): Tensor {
  const [real, imaginary] = [realPart(x), imaginaryPart(x)];
  if (power !== real.length) return mulVectors(x, monomialSlots(real.length, power));
  return complexTensor(
    imaginary.map((a, j) => (j % 2 === 0 ? -a : a)),
    real.map((a, j) => (j % 2 === 0 ? a : -a)),
  );
}
