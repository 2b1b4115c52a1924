import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evalChebyshev } from '../../../ir/nn/polynomial.ts';
import { tensor } from '../../../ir/tensor.ts';
import { countArithmetic } from '../../../passes/kernels/count-arithmetic.ts';
import { evaluateArithmetic } from '../../../passes/kernels/evaluate-arithmetic.ts';
import { applyPolynomial } from '../../../passes/kernels/polynomial.ts';

/** Products of encrypted vectors for the degrees 1, 2, ...; the depth is checked on the way. */
function multiplications(degrees: readonly number[], isZero: (j: number) => boolean): number[] {
  return degrees.map((degree) => {
    const coefficients = Array.from({ length: degree + 1 }, (_, j) => Float64Array.of(isZero(j) ? 0 : 1 / (j + 1)));
    const on = countArithmetic(4);
    const depth = applyPolynomial(on, 0, coefficients, (c) => c);
    expect(depth).toBe(Math.ceil(Math.log2(degree + 1)));
    return on.cost().multiplications;
  });
}

describe('polynomial', () => {
  it('takes ceil(log2(degree + 1)) levels and these many products', () => {
    const all = Array.from({ length: 31 }, (_, i) => i + 1);
    expect(multiplications(all, () => false)).toEqual([
      0, 1, 2, 2, 3, 4, 5, 5, 6, 6, 6, 7, 9, 9, 10, 9, 9, 10, 11, 12, 11, 11, 11, 12, 16, 16, 16, 17, 18, 18, 19,
    ]);
  });

  it('leaves out the products that odd and even polynomials do not need', () => {
    expect(multiplications([1, 3, 5, 7, 9, 11, 13, 15], (j) => j % 2 === 0)).toEqual([0, 2, 3, 5, 5, 6, 7, 8]);
    expect(multiplications([2, 4, 6, 8, 10, 12, 14], (j) => j % 2 === 1)).toEqual([1, 2, 3, 4, 5, 6, 6]);
  });

  it('evaluates the polynomial, with coefficients of each slot', () => {
    const vector = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });
    const property = fc.property(fc.array(vector, { minLength: 2, maxLength: 64 }), vector, (rows, x) => {
      const coefficients = rows.map((r) => Float64Array.from(r));
      const y = applyPolynomial(evaluateArithmetic(4), tensor([4], x), coefficients, (c) => c);
      x.forEach((u, slot) => {
        const exact = evalChebyshev(
          rows.map((r) => r[slot]),
          u,
        );
        expect(Math.abs(y.data[slot] - exact)).toBeLessThan(1e-8 * rows.length);
      });
    });
    fc.assert(property, { numRuns: 60 });
  });
});
