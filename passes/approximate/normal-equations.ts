import { pointsOutside } from './hold-outside.ts';
import type { Interval } from './input-density.ts';

/** Weight of the squared coefficients beside the squared error, as in weighted-least-squares.ts. */
const evaluationNoise = 2 ** -40;
const floorPoints = 256;

interface Floor {
  readonly f: (x: number) => number;
  readonly interval: Interval;
  readonly share: number;
  /** Whether the polynomial is kept near the function outside the interval too (hold-outside.ts). */
  readonly held?: boolean;
}

/**
 * Least squares for one polynomial sum of c_k T_k(x / scale) from samples that arrive in parts: the normal equations of the Chebyshev basis, which
 * are well enough conditioned up to the degrees in use (at most 31, with the ridge). Since T_r T_c = (T_(r+c) + T_|r-c|) / 2, sums of the T_k up to twice
 * the degree are all that is kept of the samples. `present[k]` says which T_k take part. A uniform
 * weight over an interval, of `share` of the mass of all samples, has the function itself as its target.
 */
export class NormalEquations {
  readonly #present: readonly boolean[];
  readonly #scale: number;
  readonly #floor: Floor;
  /** Sums of T_k, k from 0 to twice the degree. */
  readonly #moments: Float64Array;
  /** Sums of y T_k. */
  readonly #right: Float64Array;
  #samples = 0;

  constructor(present: readonly boolean[], scale: number, floor: Floor) {
    this.#present = present;
    this.#scale = scale;
    this.#floor = floor;
    this.#moments = new Float64Array(2 * present.length);
    this.#right = new Float64Array(present.length);
  }

  add(x: Float64Array, y: Float64Array | Float32Array): void {
    for (let i = 0; i < x.length; i++) this.#accumulate(x[i], y[i], 1);
    this.#samples += x.length;
  }

  /** The coefficients, zero where absent. Call once. */
  solve(): Float64Array {
    const {
      f,
      interval: [low, high],
      share,
      held,
    } = this.#floor;
    const mass = Math.max(1, this.#samples);
    const weight = (share * mass) / floorPoints;
    for (let i = 0; i < floorPoints; i++) {
      const x = low + ((high - low) * (i + 0.5)) / floorPoints;
      this.#accumulate(x, f(x), weight);
    }
    const outside = held ? pointsOutside(f, [low, high], this.#scale) : [];
    for (const p of outside) this.#accumulate(p.x, p.y, p.weight * mass);
    const terms = this.#present.length;
    const columns = [...this.#present.keys()].filter((k) => this.#present[k]);
    const a = columns.map((r) => columns.map((c) => (this.#moments[r + c] + this.#moments[Math.abs(r - c)]) / 2));
    columns.forEach((_, i) => (a[i][i] += evaluationNoise * mass));
    const solution = solvePositive(
      a,
      columns.map((k) => this.#right[k]),
    );
    const result = new Float64Array(terms);
    columns.forEach((k, i) => (result[k] = solution[i]));
    return result;
  }

  #accumulate(x: number, y: number, weight: number): void {
    const moments = this.#moments;
    const right = this.#right;
    const terms = right.length;
    const u = x / this.#scale;
    const weighted = weight * y;
    let previous = u;
    let current = 1;
    for (let k = 0; k < moments.length; k++) {
      moments[k] += weight * current;
      if (k < terms) right[k] += weighted * current;
      const next = 2 * u * current - previous;
      previous = current;
      current = next;
    }
  }
}

/** Cholesky's solution of a symmetric positive definite system. */
function solvePositive(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const n = b.length;
  const l = a.map((row) => [...row]);
  for (let j = 0; j < n; j++) {
    for (let k = 0; k < j; k++) for (let i = j; i < n; i++) l[i][j] -= l[i][k] * l[j][k];
    const root = Math.sqrt(Math.max(l[j][j], Number.MIN_VALUE));
    for (let i = j; i < n; i++) l[i][j] /= root;
  }
  const y = [...b];
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) y[i] -= l[i][k] * y[k];
    y[i] /= l[i][i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) y[i] -= l[k][i] * y[k];
    y[i] /= l[i][i];
  }
  return y;
}
