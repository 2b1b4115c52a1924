import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activations } from '../../../ir/nn/activations.ts';
import { evalChebyshev } from '../../../ir/nn/polynomial.ts';
import { measuredDensity, normalDensity, uniformDensity } from '../../../passes/approximate/input-density.ts';
import { fitPolynomial, fitPolynomials, structureOf } from '../../../passes/approximate/weighted-least-squares.ts';
import { channelOfInputs, normalNumbers } from './profiles.ts';

const relu = (x: number): number => Math.max(x, 0);

describe('weighted least squares', () => {
  it('holds a polynomial where its static scale reaches beyond its interval, when asked', () => {
    const density = uniformDensity([-1, 0.1]);
    const [loose, held] = [false, true].map((h) => fitPolynomial(relu, density, 15, { held: h }));
    const largest = ({ coefficients }: typeof held): number => Math.max(...coefficients.map(Math.abs));
    expect(largest(loose)).toBeGreaterThan(10);
    expect(largest(held)).toBeLessThan(1);
    expect(held.maxError).toBeLessThan(0.05);
  });

  it('gives back a polynomial of the degree, on any interval', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 12 }),
        fc.double({ min: -3, max: 0.5, noNaN: true }),
        fc.double({ min: 1, max: 4, noNaN: true }),
        (c, low, high) => {
          const scale = Math.max(-low, high);
          const fit = fitPolynomial((x) => evalChebyshev(c, x / scale), uniformDensity([low, high]), c.length - 1);
          expect(fit.maxError).toBeLessThan(1e-4);
        },
      ),
    );
  });

  it('finds the best even quadratic for the absolute value: 3/16 + 15/16 x^2', () => {
    const { coefficients } = fitPolynomial(Math.abs, uniformDensity([-1, 1]), 2, { structure: 'even' });
    expect(coefficients[0] + coefficients[2] * -1).toBeCloseTo(3 / 16, 4);
    expect(2 * coefficients[2]).toBeCloseTo(15 / 16, 4);
    expect(Math.abs(coefficients[1])).toBeLessThan(1e-9);
  });

  it('cannot be improved by moving a coefficient', () => {
    const density = measuredDensity([channelOfInputs(normalNumbers(5000, 0.3, 0.7))], [-3, 3.5]);
    const weighted = (c: ArrayLike<number>): number => {
      let sum = 0;
      density.x.forEach((x, i) => {
        const weight = 0.999 * density.mass[i] + 0.001 / density.x.length;
        sum += weight * (evalChebyshev(c, x / 3.5) - relu(x)) ** 2;
      });
      return sum;
    };
    const { coefficients, scale } = fitPolynomial(relu, density, 7);
    expect(scale).toBe(3.5);
    const best = weighted(coefficients);
    for (let k = 0; k <= 7; k++) {
      for (const step of [-1e-3, 1e-3]) {
        const moved = coefficients.slice();
        moved[k] += step;
        expect(weighted(moved)).toBeGreaterThan(best);
      }
    }
  });

  it('loses less with every degree, for every activation', () => {
    for (const { op, at } of activations) {
      const positive = ['nn.sqrt', 'nn.reciprocal', 'nn.power'].includes(op.name);
      const attrs = {
        alpha: op.name === 'nn.leaky_relu' ? [0.1] : 0.3,
        beta: 0.5,
        gamma: 1.05,
        min: -1,
        max: 1,
        exponent: 0.5,
        tanh: true,
      };
      const density = positive ? uniformDensity([0.2, 3]) : normalDensity(0.2, 1, [-3, 3]);
      const fits = fitPolynomials(at(attrs, 0), density, [1, 3, 7, 15, 31], { floor: 0 });
      const errors = fits.map((f) => f.meanSquaredError);
      errors.slice(1).forEach((e, i) => expect(e, op.name).toBeLessThanOrEqual(errors[i] + 1e-9));
      expect(errors[4], op.name).toBeLessThan(2e-4);
    }
  });

  it('follows the inputs: beats the uniform weight and the stretched normal where they lie', () => {
    const inputs = [...normalNumbers(9000, -0.2, 0.5), ...normalNumbers(300, 1, 2.5, 5)];
    const channel = channelOfInputs(inputs);
    const interval = [channel.minimum * 1.1, channel.maximum * 1.1] as const;
    const measured = measuredDensity([channel], interval);
    const errorUnder = (c: Float64Array, scale: number): number => {
      let sum = 0;
      for (const x of inputs) sum += (evalChebyshev(c, x / scale) - relu(x)) ** 2 / inputs.length;
      return sum;
    };
    const [own, normal, uniform] = [
      measured,
      normalDensity(channel.mean, 2 * channel.deviation, interval),
      uniformDensity(interval),
    ].map((density) => {
      const fit = fitPolynomial(relu, density, 7);
      return errorUnder(fit.coefficients, fit.scale);
    });
    expect(own).toBeLessThan(normal);
    expect(own).toBeLessThan(uniform / 3);
  });

  it('predicts the error of the inputs that it saw', () => {
    const inputs = normalNumbers(20000, 0.1, 1);
    const channel = channelOfInputs(inputs);
    const fit = fitPolynomial(relu, measuredDensity([channel], [-5, 5]), 5);
    const true_ =
      inputs.reduce((s, x) => s + (evalChebyshev(fit.coefficients, x / 5) - relu(x)) ** 2, 0) / inputs.length;
    expect(fit.meanSquaredError / true_).toBeCloseTo(1, 2);
  });

  it('stays finite for a density in one cell and high degrees', () => {
    const dead = measuredDensity([channelOfInputs([-1e-4, -1e-4, -1.1e-4])], [-0.5, 0.5]);
    const fit = fitPolynomial(relu, dead, 31);
    expect(fit.coefficients.every(Number.isFinite)).toBe(true);
    expect(fit.maxError).toBeLessThan(0.5);
  });

  it('knows the symmetry of functions', () => {
    const names = (structure: string): string[] =>
      activations
        .filter(
          ({ at }) =>
            structureOf(at({ alpha: [0.1], min: -9, max: 9, tanh: true, beta: 0.5, gamma: 1, exponent: 2 }, 0), 2) ===
            structure,
        )
        .map((a) => a.op.name.slice(3));
    expect(names('even')).toEqual(
      expect.arrayContaining(['abs', 'relu', 'leaky_relu', 'gelu', 'silu', 'softplus', 'hard_swish']),
    );
    expect(names('odd')).toEqual(expect.arrayContaining(['sigmoid', 'tanh', 'erf', 'reciprocal']));
    expect(names('general')).toEqual(expect.arrayContaining(['exp', 'mish', 'selu']));
  });
});

describe('input density', () => {
  it('keeps all mass, wherever the interval lies', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 50 }),
        fc.double({ min: -6, max: 0, noNaN: true }),
        fc.double({ min: 0.01, max: 6, noNaN: true }),
        (inputs, low, width) => {
          const d = measuredDensity([channelOfInputs(inputs)], [low, low + width]);
          const inside = d.mass.reduce((s, m) => s + m, 0);
          expect(inside + d.below + d.above).toBeCloseTo(1, 9);
          expect(Math.min(d.below, d.above, ...d.mass)).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  it('estimates the tail of an exponential distribution', () => {
    const uniform = normalNumbers(0, 0, 1);
    let state = 11;
    for (let i = 0; i < 50000; i++) {
      state = (state * 48271) % 2147483647;
      uniform.push(-0.7 * Math.log(state / 2147483647));
    }
    const { upperTail } = measuredDensity([channelOfInputs(uniform)], [0, 9]);
    expect(upperTail.excess).toBeGreaterThan(0.6);
    expect(upperTail.excess).toBeLessThan(0.8);
    expect(upperTail.mass).toBeCloseTo(1 / 50001, 9);
  });
});
