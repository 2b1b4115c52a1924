/** An odd polynomial by its coefficients of x, x^3, x^5, ...: a component of a composite approximation of the sign. */
export type OddPolynomial = readonly number[];

export const oddDegree = (p: OddPolynomial): number => 2 * p.length - 1;

/** p(x) by Horner's rule in x^2. */
export function evaluateOdd(p: OddPolynomial, x: number): number {
  const square = x * x;
  let sum = 0;
  for (let j = p.length - 1; j >= 0; j--) sum = sum * square + p[j];
  return sum * x;
}

/** p'(x). */
export function oddDerivative(p: OddPolynomial, x: number): number {
  const square = x * x;
  let sum = 0;
  for (let j = p.length - 1; j >= 0; j--) sum = sum * square + (2 * j + 1) * p[j];
  return sum;
}

/** Chebyshev coefficients c (degree + 1 of them) with p(x) = sum of c[k] * T_k(x / scale). */
export function oddToChebyshev(p: OddPolynomial, scale = 1): Float64Array {
  const terms = 2 * p.length;
  let acc = new Float64Array(terms);
  for (let j = p.length - 1; j >= 0; j--) {
    if (j < p.length - 1) acc = timesArgument(timesArgument(acc));
    acc[0] += p[j] * scale ** (2 * j + 1);
  }
  return timesArgument(acc);
}

/** The coefficients of u * q(u): u * T_0 = T_1, u * T_k = (T_{k-1} + T_{k+1}) / 2. The top coefficient of `q` must be 0. */
function timesArgument(q: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const out = new Float64Array(q.length);
  for (let k = 0; k < q.length - 1; k++) {
    if (k === 0) out[1] += q[0];
    else {
      out[k - 1] += q[k] / 2;
      out[k + 1] += q[k] / 2;
    }
  }
  return out;
}
