import { describe, expect, it } from 'vitest';
import { evalChebyshev } from '../../../ir/nn/polynomial.ts';
import { pointsOutside } from '../../../passes/approximate/hold-outside.ts';
import { normalDensity } from '../../../passes/approximate/input-density.ts';
import { NormalEquations } from '../../../passes/approximate/normal-equations.ts';
import { fitCoefficients } from '../../../passes/approximate/weighted-least-squares.ts';

const relu = (x: number): number => Math.max(0, x);
const interval = [-2, 4] as const;
const density = normalDensity(0.3, 1, interval);
const fit = (degree: number, held: boolean): ((x: number) => number) => {
  const { coefficients, scale } = fitCoefficients(relu, density, [degree], { held });
  return (x) => evalChebyshev(coefficients[0], x / scale);
};
const largest = (f: (x: number) => number, from: number, to: number): number =>
  Math.max(...Array.from({ length: 101 }, (_, i) => Math.abs(f(from + ((to - from) * i) / 100))));
/** Root of the mean squared error under the density. */
const deviation = (p: (x: number) => number): number =>
  Math.sqrt(density.x.reduce((sum, x, i) => sum + density.mass[i] * (p(x) - relu(x)) ** 2, 0));

describe('points outside an interval', () => {
  it('lie beyond both ends, follow the function for half a half width and stay at its value from there on', () => {
    const points = pointsOutside(relu, interval, 9);
    expect(points.every(({ x }) => x < interval[0] || x > interval[1])).toBe(true);
    expect(Math.min(...points.map((p) => p.x))).toBeGreaterThan(-9);
    expect(Math.max(...points.map((p) => p.x))).toBeLessThan(9);
    const edge = 4 + 3 / 2;
    for (const { x, y } of points) expect(y).toBe(relu(Math.min(x, edge)));
    expect(points.reduce((sum, p) => sum + p.weight, 0)).toBeCloseTo(2e-6, 12);
  });

  it('are the near ones alone where the interval reaches the whole basis', () => {
    const points = pointsOutside(relu, [-4, 4], 4);
    expect(points.every(({ x }) => Math.abs(x) > 4 && Math.abs(x) < 6)).toBe(true);
  });

  it.each([7, 15])('hold a polynomial of degree %i down and leave its error on the inputs about as it is', (degree) => {
    const [loose, held] = [fit(degree, false), fit(degree, true)];
    expect(largest(loose, -4, 5.5)).toBeGreaterThan(50);
    expect(largest(held, -4, 5.5)).toBeLessThan(32);
    expect(deviation(held)).toBeLessThan(1.4 * deviation(loose));
  });

  it('count in normal equations as in the fit by orthogonal factors', () => {
    const f = (x: number): number => Math.tanh(x);
    const samples = Float64Array.from({ length: 5120 }, (_, i) => density.x[i % 512]);
    const uniform = { ...density, mass: density.mass.map(() => 1 / 512) };
    const floor = { f, interval, share: 1e-9, held: true };
    const equations = new NormalEquations(new Array<boolean>(8).fill(true), 4, floor);
    equations.add(samples, samples.map(f));
    const { coefficients } = fitCoefficients(f, uniform, [7], { held: true, floor: 0 });
    equations.solve().forEach((c, k) => expect(c).toBeCloseTo(coefficients[0][k], 5));
  });
});
