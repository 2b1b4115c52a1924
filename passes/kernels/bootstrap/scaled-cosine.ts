import { evalChebyshev } from '../../../ir/nn/polynomial.ts';
import { backSubstitute, reflect } from '../../approximate/householder.ts';

/** The part of a sine that a polynomial makes before the double angles. */
export interface CosineRequest {
  /** x lies in [-bound, bound]. */
  readonly bound: number;
  /** r: the polynomial is of cos(2 pi (x - 1/4) / 2^r). */
  readonly doublings: number;
  /** Even. */
  readonly degree: number;
  /** x is within `spread` of a whole number (messages of this size beside q_0). */
  readonly spread: number;
  /** Standard deviation of x. */
  readonly deviation: number;
}

/** The polynomial c, even, in the Chebyshev basis of v = (x - 1/4) / (bound + 1/4), and what it costs in precision. */
export interface CosineFit {
  readonly coefficients: Float64Array;
  /** Of sin(2 pi x) / (2 pi) after the double angles: root of the mean square over the distribution of x, and largest anywhere near whole numbers. */
  readonly error: { readonly rms: number; readonly worst: number };
}

/** v for x. */
export const cosineArgument = (x: number, bound: number): number => (x - 0.25) / (bound + 0.25);

/** Rare overflows count as if they had this share of the most frequent one. */
const rarest = 1e-6;
/** Weight of each point between the whole numbers, so that the polynomial stays a cosine for messages larger than foreseen. */
const between = 1e-9;
const pointsEach = 5;

/**
 * Weighted least squares on the neighbourhoods of the whole numbers in [-bound, bound], after Han and Ki (CT-RSA 2020, eprint 2019/688), who
 * interpolate there; x - 1/4 makes the function even (their section 4.2). A point weighs as much as its overflow is frequent and as
 * the double angles magnify an error there: sin(2^r t) 2^r / sin(t) for t = 2 pi (x - 1/4) / 2^r.
 */
export function fitCosine(request: CosineRequest): CosineFit {
  const { bound, doublings, degree, spread, deviation } = request;
  const angle = (x: number): number => (2 * Math.PI * (x - 0.25)) / 2 ** doublings;
  const likelihood = (i: number): number => Math.max(rarest, Math.exp((-i * i) / (2 * deviation * deviation)));
  const magnified = (x: number): number =>
    Math.abs((2 ** doublings * Math.sin(2 ** doublings * angle(x))) / Math.sin(angle(x)));
  const points: number[] = [];
  const weights: number[] = [];
  for (let i = -bound; i <= bound; i++) {
    for (let k = 0; k < pointsEach; k++) {
      const x = i + spread * Math.cos((Math.PI * (k + 0.5)) / pointsEach);
      if (Math.abs(x) > bound) continue;
      points.push(x);
      weights.push(Math.sqrt(likelihood(i)) * magnified(x));
    }
    for (let k = 1; k < 4 && i < bound; k++) {
      points.push(i + k / 4);
      weights.push(Math.sqrt(between));
    }
  }
  const terms = degree / 2 + 1;
  const columns = Array.from({ length: terms }, () => new Float64Array(points.length));
  const right = new Float64Array(points.length);
  points.forEach((x, p) => {
    // T_2k(v) = T_k(2 v^2 - 1).
    const u = 2 * cosineArgument(x, bound) ** 2 - 1;
    let [previous, current] = [u, 1];
    for (const column of columns) {
      column[p] = weights[p] * current;
      [previous, current] = [current, 2 * u * current - previous];
    }
    right[p] = weights[p] * Math.cos(angle(x));
  });
  for (let k = 0; k < terms; k++) reflect(columns, right, k);
  const even = backSubstitute(columns, right, terms);
  const coefficients = new Float64Array(degree + 1);
  even.forEach((c, k) => (coefficients[2 * k] = c));
  return { coefficients, error: sineError(request, coefficients) };
}

/** The sine by polynomial and double angles, at one x. */
export function scaledSine(request: Pick<CosineRequest, 'bound' | 'doublings'>, coefficients: Float64Array, x: number) {
  let y = evalChebyshev(coefficients, cosineArgument(x, request.bound));
  for (let i = 0; i < request.doublings; i++) y = 2 * y * y - 1;
  return y;
}

function sineError(request: CosineRequest, coefficients: Float64Array): CosineFit['error'] {
  const { bound, spread, deviation } = request;
  let worst = 0;
  let sum = 0;
  let mass = 0;
  for (let i = -bound; i <= bound; i++) {
    const likelihood = Math.exp((-i * i) / (2 * deviation * deviation));
    for (let t = -1; t <= 1; t += 1 / 8) {
      const x = i + spread * t;
      if (Math.abs(x) > bound) continue;
      const exact = Math.sin(2 * Math.PI * (x - i));
      const error = Math.abs(scaledSine(request, coefficients, x) - exact) / (2 * Math.PI);
      worst = Math.max(worst, error);
      sum += likelihood * error * error;
      mass += likelihood;
    }
  }
  return { rms: Math.sqrt(sum / mass), worst };
}
