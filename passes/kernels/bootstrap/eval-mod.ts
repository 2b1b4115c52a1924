import type { Arithmetic } from '../arithmetic.ts';
import { chebyshevDepth } from '../chebyshev-products.ts';
import { applyPolynomial } from '../polynomial.ts';
import type { CosineFit } from './scaled-cosine.ts';

/**
 * The removal of q_0 I: x = m / q_0 + I goes to sin(2 pi x) = sin(2 pi m / q_0), which is about 2 pi m / q_0 (Cheon, Han, Kim, Kim, Song, EUROCRYPT
 * 2018). The sine is a cosine of x - 1/4 scaled down by 2^r and brought back by r double angles (Han and Ki, CT-RSA 2020).
 */
export interface EvalModPlan {
  /** x lies in [-bound, bound]. */
  readonly bound: number;
  /** r. */
  readonly doublings: number;
  /** In the Chebyshev basis of v = (x - 1/4) / (bound + 1/4). */
  readonly cosine: CosineFit;
  /** Degree of the polynomial that follows the sine: 1 (none), 3 or 5 terms of the arcsine (Bossuat et al., EUROCRYPT 2021, section 5.3). */
  readonly arcsine: ArcsineDegree;
}

export type ArcsineDegree = 1 | 3 | 5;

const arcsineDepth: Readonly<Record<ArcsineDegree, number>> = { 1: 0, 3: 2, 5: 3 };

/** Levels that {@link applyEvalMod} takes, by part. */
export function evalModDepth(plan: Pick<EvalModPlan, 'doublings' | 'arcsine'>, degree: number) {
  const polynomial = chebyshevDepth(degree + 1);
  const arcsine = arcsineDepth[plan.arcsine];
  return { polynomial, doublings: plan.doublings, arcsine, total: polynomial + plan.doublings + arcsine };
}

/** How large the numbers are made on the way, so that the last one is `gain` * m / q_0 at the scale of its level. */
export interface EvalModAmplitudes {
  /** Of the result beside m / q_0. */
  readonly gain: number;
  /** Of the sine before the arcsine; 2 pi * sine is the gain where there is none. */
  readonly sine: number;
}

/** How many times v the argument of {@link applyEvalMod} is: its square less 2 is then twice T_2(v). */
export const argumentAmplitude = 2;

/**
 * Takes argumentAmplitude * x / (bound + 1/4) to gain * (x - round(x)). The double angle is c^2 - A_(i+1) on c = A_i cos(t), with A_(i+1) = A_i^2 / 2:
 * numbers grow from stage to stage as the scales of their levels shrink, no product with a number is needed, and the first amplitude is in
 * the coefficients.
 */
export function applyEvalMod<V>(on: Arithmetic<V>, x: V, plan: EvalModPlan, amplitudes: EvalModAmplitudes): V {
  const { bound, doublings, cosine, arcsine } = plan;
  const stages = [amplitudes.sine];
  for (let i = 0; i < doublings; i++) stages.unshift(Math.sqrt(2 * stages[0]));
  const v = on.addPlain(x, Float64Array.of((-0.25 * argumentAmplitude) / (bound + 0.25)));
  // The polynomial is even: one of half the degree in T_2, which takes fewer products.
  const second = on.addPlain(on.mul(v, v), Float64Array.of(-2));
  const coefficients = Array.from({ length: (cosine.coefficients.length + 1) / 2 }, (_, k) =>
    Float64Array.of(cosine.coefficients[2 * k] * stages[0]),
  );
  let y = applyPolynomial(on, second, coefficients, (c) => c, undefined, 'doubled');
  for (let i = 1; i <= doublings; i++) y = on.addPlain(on.mul(y, y), Float64Array.of(-stages[i]));
  if (arcsine === 1) return y;
  return applyArcsine(on, y, arcsine, amplitudes);
}

/**
 * gain / (2 pi) * arcsin(y / A) by its series s + s^3 / 6 + 3 s^5 / 40: (a y) (y^2 + b), and (a y) (y^4 + c y^2 + b) with the leading coefficient
 * in a.
 */
function applyArcsine<V>(on: Arithmetic<V>, y: V, degree: 3 | 5, { gain, sine }: EvalModAmplitudes): V {
  const unit = gain / (2 * Math.PI * sine);
  const square = on.mul(y, y);
  if (degree === 3) {
    const odd = on.mulPlain(y, Float64Array.of(unit / (6 * sine ** 2)));
    return on.mul(odd, on.addPlain(square, Float64Array.of(6 * sine ** 2)));
  }
  const odd = on.mulPlain(y, Float64Array.of((3 * unit) / (40 * sine ** 4)));
  const middle = on.mulPlain(square, Float64Array.of((20 / 9) * sine ** 2));
  const even = on.addPlain(on.add(on.mul(square, square), middle), Float64Array.of((40 / 3) * sine ** 4));
  return on.mul(odd, even);
}
