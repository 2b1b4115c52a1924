import { evalChebyshev } from '../../ir/nn/polynomial.ts';
import { backSubstitute, reflect } from './householder.ts';
import { pointsOutside } from './hold-outside.ts';
import type { InputDensity } from './input-density.ts';
import { replacementRisk } from './replacement-risk.ts';

/**
 * Which coefficients a polynomial has: all; even ones and T_1 (functions that are even but for a linear part: relu, gelu, abs); odd ones
 * and T_0 (odd but for a constant: tanh, sigmoid). The sparse ones take fewer products; on inputs that lie to one side they lose a little.
 */
export type Structure = 'general' | 'even' | 'odd';

function hasTerm(structure: Structure, k: number): boolean {
  return k <= 1 || structure === 'general' || k % 2 === (structure === 'even' ? 0 : 1);
}

/** The sparse structure that `f` has on [-bound, bound], or `general`. */
export function structureOf(f: (x: number) => number, bound: number): Structure {
  const samples = [0.03, 0.11, 0.23, 0.41, 0.57, 0.73, 0.89, 1].map((t) => t * bound);
  const scale = Math.max(...samples.map((x) => Math.abs(f(x)) + Math.abs(f(-x))));
  const constant = (values: readonly number[]): boolean =>
    Math.max(...values) - Math.min(...values) <= 1e-9 * (scale + 1e-300);
  const linearPart = samples.map((x) => ((f(x) - f(-x)) / (2 * x)) * bound);
  if (constant(linearPart)) return 'even';
  return constant(samples.map((x) => (f(x) + f(-x)) / 2)) ? 'odd' : 'general';
}

export interface FitOptions {
  /** Mass of the uniform weight that is mixed into the density, so that rare inputs count too. Default 1e-3. */
  readonly floor?: number;
  /** Which coefficients the polynomial may have. Default `general`. */
  readonly structure?: Structure;
  /**
   * Half width of the basis: the polynomial is one in T_k(x / scale). At least the largest |x| of the interval, the default;
   * channels that share one static scale give the scale of the tensor.
   */
  readonly scale?: number;
  /** Whether there is some weight outside the interval (hold-outside.ts). Default false. */
  readonly held?: boolean;
}

/** A polynomial sum of coefficients[k] * T_k(x / scale) that stands for a function on the interval of a density. */
export interface PolynomialFit {
  readonly degree: number;
  readonly scale: number;
  /** degree + 1 of them; exact zeros where the structure has no term. */
  readonly coefficients: Float64Array;
  /** Mean of (p - f)^2 under the density alone, without the floor. */
  readonly meanSquaredError: number;
  /** Largest |p - f| on the interval. */
  readonly maxError: number;
  /** Largest |p - f| at the points 10 % of the interval's width outside its ends: how fast the polynomial leaves the function. */
  readonly growth: number;
}

/**
 * Weight of the squared coefficients beside the squared error: the noise of an evaluation at 20 bits of precision in every basis
 * polynomial. It holds the coefficients down where the density leaves them free, and makes every fit well posed.
 */
const evaluationNoise = 2 ** -40;

/** The coefficients alone of {@link fitPolynomials}, with their basis. */
export function fitCoefficients(
  f: (x: number) => number,
  density: InputDensity,
  degrees: readonly number[],
  options: FitOptions = {},
): { readonly scale: number; readonly coefficients: readonly Float64Array[] } {
  const { low, high, x, mass } = density;
  const scale = options.scale ?? Math.max(Math.abs(low), Math.abs(high));
  const floor = options.floor ?? 1e-3;
  const weight = mass.map((m) => (1 - floor) * m + floor / mass.length);
  const structure = options.structure ?? 'general';
  const terms = [...Array(Math.max(...degrees) + 1).keys()].filter((k) => hasTerm(structure, k));
  const outside = options.held ? pointsOutside(f, [low, high], scale) : [];
  const solve = factorise(
    Float64Array.of(...x, ...outside.map((p) => p.x)),
    Float64Array.of(...weight, ...outside.map((p) => p.weight)),
    Float64Array.of(...x.map(f), ...outside.map((p) => p.y)),
    scale,
    terms,
  );
  const coefficients = degrees.map((degree) => {
    const result = new Float64Array(degree + 1);
    const leading = terms.filter((k) => k <= degree);
    solve(leading.length).forEach((c, i) => (result[leading[i]] = c));
    return result;
  });
  return { scale, coefficients };
}

/**
 * The weighted least squares polynomial of each degree of `degrees` for `f` (OLA, arXiv 2310.10349; here the weight is the measured
 * distribution with a floor instead of a stretched normal). Solved by one Householder QR factorisation of the weighted
 * Chebyshev-Vandermonde matrix: its leading columns give every lower degree.
 */
export function fitPolynomials(
  f: (x: number) => number,
  density: InputDensity,
  degrees: readonly number[],
  options: FitOptions = {},
): PolynomialFit[] {
  const { scale, coefficients } = fitCoefficients(f, density, degrees, options);
  const beyond = 0.1 * (density.high - density.low);
  return degrees.map((degree, i) => {
    const error = (x: number): number => evalChebyshev(coefficients[i], x / scale) - f(x);
    const { meanSquaredError, maxError } = replacementRisk(error, density, Infinity);
    const growth = Math.max(Math.abs(error(density.low - beyond)), Math.abs(error(density.high + beyond)));
    return { degree, scale, coefficients: coefficients[i], meanSquaredError, maxError, growth };
  });
}

/** {@link fitPolynomials} of one degree. */
export function fitPolynomial(
  f: (x: number) => number,
  density: InputDensity,
  degree: number,
  options: FitOptions = {},
): PolynomialFit {
  return fitPolynomials(f, density, [degree], options)[0];
}

/** Factorises the weighted problem in the T_k of `terms`; the result solves it for any leading number of them. */
function factorise(
  x: Float64Array,
  weight: Float64Array,
  y: Float64Array,
  scale: number,
  terms: readonly number[],
): (leading: number) => Float64Array {
  const points = x.length;
  const count = terms.length;
  const columns = Array.from({ length: count }, () => new Float64Array(points + count));
  const right = new Float64Array(points + count);
  for (let i = 0; i < points; i++) {
    const root = Math.sqrt(weight[i]);
    const u = x[i] / scale;
    let previous = u;
    let current = 1;
    for (let k = 0, column = 0; column < count; k++) {
      if (terms[column] === k) columns[column++][i] = root * current;
      const next = 2 * u * current - previous;
      previous = current;
      current = next;
    }
    right[i] = root * y[i];
  }
  const ridge = Math.sqrt(evaluationNoise * weight.reduce((sum, w) => sum + w, 0));
  for (let k = 0; k < count; k++) columns[k][points + k] = ridge;
  for (let k = 0; k < count; k++) reflect(columns, right, k);
  return (leading) => backSubstitute(columns, right, leading);
}
