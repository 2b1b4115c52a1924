import type { InputDensity } from './input-density.ts';
import { evaluateOdd, oddDerivative, type OddPolynomial } from './odd-polynomial.ts';
import { evaluateComposite } from './paf-families.ts';

export interface TuningOptions {
  /** Mass of the uniform weight on [-1, 1] that keeps the composite a sign where no inputs were seen. Default 1e-3. */
  readonly floor?: number;
  readonly iterations?: number;
}

export interface TunedComposite {
  readonly components: readonly OddPolynomial[];
  /** Weighted mean of (x * (P(x) - sign(x)) / 2)^2, floor included, before and after. */
  readonly before: number;
  readonly after: number;
}

/**
 * Coefficient Tuning (SmartPAF, arXiv 2404.03216, section 4.2): moves the coefficients of a composite sign P so that x * (1 + P(x)) / 2 is as
 * near as possible to relu on the profiled inputs. `density` is that of the inputs divided by the static scale, inside [-1, 1]. The same
 * coefficients are best for leaky relu, absolute value and maximum, whose errors are multiples of relu's.
 *
 * SmartPAF runs 40 epochs of Adam over the inputs; with 4 to 20 coefficients and a histogram for the inputs the problem is a small least
 * squares one, solved here by Levenberg-Marquardt with exact derivatives. Deterministic; the result is never worse than the start.
 */
export function tuneComposite(
  start: readonly OddPolynomial[],
  density: InputDensity,
  options: TuningOptions = {},
): TunedComposite {
  const points = weightedPoints(density, options.floor ?? 1e-3);
  const before = meanSquare(start, points);
  let components = start;
  let best = before;
  let damping = 1e-3;
  for (let i = 0; i < (options.iterations ?? 60) && damping < 1e12; i++) {
    const { normal, gradient } = normalEquations(components, points);
    let accepted = false;
    while (!accepted && damping < 1e12) {
      const step = solveDamped(normal, gradient, damping);
      const trial = step && moved(components, step);
      const error = trial ? meanSquare(trial, points) : Infinity;
      if (trial && error < best) {
        accepted = true;
        const gain = (best - error) / best;
        components = trial;
        best = error;
        damping = Math.max(damping / 5, 1e-12);
        if (gain < 1e-7) return { components, before, after: best };
      } else damping *= 4;
    }
  }
  return { components, before, after: best };
}

interface WeightedPoints {
  readonly x: Float64Array;
  readonly weight: Float64Array;
}

/** The cells of the density and, for the floor, the same number of points over (0, 1]: the residual is odd, so one side suffices. */
function weightedPoints({ x, mass }: InputDensity, floor: number): WeightedPoints {
  const cells = x.length;
  const points = new Float64Array(2 * cells);
  const weight = new Float64Array(2 * cells);
  for (let i = 0; i < cells; i++) {
    points[i] = Math.abs(x[i]);
    weight[i] = (1 - floor) * mass[i];
    points[cells + i] = (i + 0.5) / cells;
    weight[cells + i] = floor / cells;
  }
  const kept = [...weight.keys()].filter((i) => weight[i] > 0);
  return { x: Float64Array.from(kept, (i) => points[i]), weight: Float64Array.from(kept, (i) => weight[i]) };
}

function meanSquare(components: readonly OddPolynomial[], { x, weight }: WeightedPoints): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const residual = 0.5 * x[i] * (evaluateComposite(components, x[i]) - 1);
    sum += weight[i] * residual * residual;
  }
  return Number.isFinite(sum) ? sum : Infinity;
}

/** J^T J and J^T r, with the derivative of the composite by its coefficients from the chain rule. */
function normalEquations(
  components: readonly OddPolynomial[],
  { x, weight }: WeightedPoints,
): { normal: Float64Array[]; gradient: Float64Array } {
  const size = components.reduce((n, c) => n + c.length, 0);
  const normal = Array.from({ length: size }, () => new Float64Array(size));
  const gradient = new Float64Array(size);
  const row = new Float64Array(size);
  const inputs = new Float64Array(components.length);
  for (let i = 0; i < x.length; i++) {
    let y = x[i];
    components.forEach((component, k) => {
      inputs[k] = y;
      y = evaluateOdd(component, y);
    });
    const residual = 0.5 * x[i] * (y - 1);
    let outer = 0.5 * x[i];
    let end = size;
    for (let k = components.length - 1; k >= 0; k--) {
      const component = components[k];
      const first = end - component.length;
      let power = inputs[k];
      for (let j = first; j < end; j++) {
        row[j] = outer * power;
        power *= inputs[k] * inputs[k];
      }
      outer *= oddDerivative(component, inputs[k]);
      end = first;
    }
    for (let a = 0; a < size; a++) {
      const scaled = weight[i] * row[a];
      gradient[a] += scaled * residual;
      for (let b = 0; b <= a; b++) normal[a][b] += scaled * row[b];
    }
  }
  return { normal, gradient };
}

/** Solves (N + damping * diag(N)) step = -gradient by Cholesky; undefined where the damped matrix is not positive definite. */
function solveDamped(
  normal: readonly Float64Array[],
  gradient: Float64Array,
  damping: number,
): Float64Array | undefined {
  const size = gradient.length;
  const lower = normal.map((row) => row.slice());
  for (let a = 0; a < size; a++) lower[a][a] += damping * normal[a][a] + Number.MIN_VALUE;
  for (let a = 0; a < size; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = lower[a][b];
      for (let k = 0; k < b; k++) sum -= lower[a][k] * lower[b][k];
      if (a === b) {
        if (!(sum > 0) || !Number.isFinite(sum)) return undefined;
        lower[a][a] = Math.sqrt(sum);
      } else lower[a][b] = sum / lower[b][b];
    }
  }
  const step = gradient.map((g) => -g);
  for (let a = 0; a < size; a++) {
    for (let k = 0; k < a; k++) step[a] -= lower[a][k] * step[k];
    step[a] /= lower[a][a];
  }
  for (let a = size - 1; a >= 0; a--) {
    for (let k = a + 1; k < size; k++) step[a] -= lower[k][a] * step[k];
    step[a] /= lower[a][a];
  }
  return step;
}

function moved(components: readonly OddPolynomial[], step: Float64Array): OddPolynomial[] {
  let at = 0;
  return components.map((component) => component.map((c) => c + step[at++]));
}
