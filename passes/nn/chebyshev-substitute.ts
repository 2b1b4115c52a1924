/**
 * The Chebyshev coefficients of p(ratio * t) from those of p, by the recurrence T_(k+1)(r t) = 2 r t T_k(r t) - T_(k-1)(r t).
 * Exact up to rounding. For a ratio above 1 the coefficients grow by up to (2 * ratio)^degree: t is then expected in [-1 / ratio, 1 / ratio].
 */
export function substituteChebyshev(coefficients: ArrayLike<number>, ratio: number): Float64Array {
  const terms = coefficients.length;
  const result = new Float64Array(terms);
  if (ratio === 1) return Float64Array.from(coefficients);
  let before = new Float64Array(terms + 1);
  let current = new Float64Array(terms + 1);
  current[0] = 1;
  for (let k = 0; k < terms; k++) {
    for (let j = 0; j <= k; j++) result[j] += coefficients[k] * current[j];
    const next = new Float64Array(terms + 1);
    const twice = k === 0 ? ratio : 2 * ratio;
    // t * T_0 = T_1, t * T_j = (T_(j+1) + T_(j-1)) / 2.
    for (let j = 0; j <= k && j < terms; j++) {
      next[j + 1] += (twice * current[j]) / (j === 0 ? 1 : 2);
      if (j > 0) next[j - 1] += (twice * current[j]) / 2;
    }
    if (k > 0) for (let j = 0; j < k; j++) next[j] -= before[j];
    before = current;
    current = next;
  }
  return result;
}
