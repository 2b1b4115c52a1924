import { InternalError } from '../../ir/diagnostics.ts';
import type { Arithmetic } from './arithmetic.ts';
import { isZero } from './fold-arithmetic.ts';
import { planPolynomial, type PolynomialPlan, type PolynomialStep } from './polynomial-plan.ts';

/** Coefficients in the Chebyshev basis: `c[j]` holds the coefficient of T_j of each channel (or of all, when it has one number). */
export type ChannelCoefficients = readonly Float64Array[];

/** Which coefficients are not zero in some channel. */
export const nonzeroPattern = (c: ChannelCoefficients): boolean[] => c.map((v) => !isZero(v));

const divided = (numbers: Float64Array, by: number): Float64Array => (by === 1 ? numbers : numbers.map((v) => v / by));

/** quotient and rest with p = quotient * T_m + rest, from 2 T_m T_i = T_(m + i) + T_|m - i|. */
function divide(p: ChannelCoefficients, m: number): { quotient: Float64Array[]; rest: Float64Array[] } {
  const quotient = p.slice(m).map((c, i) => (i === 0 ? c.slice() : c.map((v) => 2 * v)));
  const rest = p.slice(0, m).map((c) => c.slice());
  for (let i = m + 1; i < p.length; i++) {
    const at = rest[Math.abs(2 * m - i)];
    for (let c = 0; c < at.length; c++) at[c] -= p[i][c];
  }
  return { quotient, rest };
}

/**
 * The polynomials that a kernel multiplies: T_k, or U_k = 2 T_k. With U_(a+b) = U_a U_b - U_(a-b) and U_2a = U_a^2 - 2 nothing is doubled, and the noise of a
 * rescale weighs half as much.
 */
export type ChebyshevBasis = 'single' | 'doubled';

/** A part of the polynomial, its constant not yet added. */
interface Partial<V> {
  readonly value: V | undefined;
  readonly constant: Float64Array;
}

/**
 * Evaluates the polynomial on `x` at depth ceil(log2(degree + 1)). `spread` turns a number a channel into a public vector for the
 * layout of `x` (zero in slots that hold no element), or into one number for all slots. In the doubled basis `x` is U_1, twice the variable.
 */
export function applyPolynomial<V>(
  on: Arithmetic<V>,
  x: V,
  coefficients: ChannelCoefficients,
  spread: (perChannel: Float64Array) => Float64Array,
  plan: PolynomialPlan = planPolynomial(nonzeroPattern(coefficients)),
  kind: ChebyshevBasis = 'single',
): V {
  const amplitude = kind === 'single' ? 1 : 2;
  const chebyshev = new Map<number, V>([[1, x]]);
  const basis = (j: number): V => {
    const value = chebyshev.get(j);
    if (value === undefined) throw new InternalError(`T_${j} was not planned`);
    return value;
  };
  for (const { j, a, b } of plan.products) {
    const product = on.mul(basis(a), basis(b));
    const leading = kind === 'single' ? on.add(product, product) : product;
    chebyshev.set(j, a === b ? on.addPlain(leading, Float64Array.of(-amplitude)) : on.sub(leading, basis(a - b)));
  }
  const addConstant = (value: V, constant: Float64Array): V =>
    isZero(constant) ? value : on.addPlain(value, spread(constant));
  const evaluate = (step: PolynomialStep, p: ChannelCoefficients): Partial<V> => {
    if (step.kind === 'sum') {
      let value: V | undefined;
      for (let j = 1; j < p.length; j++) {
        if (isZero(p[j])) continue;
        const term = on.mulPlain(basis(j), spread(divided(p[j], amplitude)));
        value = value === undefined ? term : on.add(value, term);
      }
      return { value, constant: p[0] };
    }
    const parts = divide(p.slice(0, nonzeroPattern(p).lastIndexOf(true) + 1), step.divisor);
    const byDivisor = parts.quotient.map((c) => divided(c, amplitude));
    const quotient = evaluate(step.quotient, byDivisor);
    const rest = evaluate(step.rest, parts.rest);
    const product =
      quotient.value === undefined
        ? on.mulPlain(basis(step.divisor), spread(quotient.constant))
        : on.mul(addConstant(quotient.value, quotient.constant), basis(step.divisor));
    return { value: rest.value === undefined ? product : on.add(product, rest.value), constant: rest.constant };
  };
  const { value, constant } = evaluate(plan.root, coefficients);
  return addConstant(value ?? on.mulPlain(x, Float64Array.of(0)), constant);
}
