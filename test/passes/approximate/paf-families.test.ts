import { describe, expect, it } from 'vitest';
import {
  basePolynomials,
  componentRanges,
  compositeDepth,
  compositeMultiplications,
  compositeNames,
  evaluateComposite,
  signComposite,
} from '../../../passes/approximate/paf-families.ts';
import { evaluateOdd, oddDerivative, oddToChebyshev } from '../../../passes/approximate/odd-polynomial.ts';
import { evalChebyshev } from '../../../ir/nn/polynomial.ts';
import { compositeVectors, vectorInputs } from './composite-vectors.ts';

function reluErrors(components: readonly (readonly number[])[]): { max: number; rmse: number } {
  const samples = 20001;
  let max = 0;
  let squares = 0;
  for (let i = 0; i < samples; i++) {
    const x = -1 + (2 * i) / (samples - 1);
    const e = Math.abs(0.5 * x * (1 + evaluateComposite(components, x)) - Math.max(x, 0));
    max = Math.max(max, e);
    squares += e * e;
  }
  return { max, rmse: Math.sqrt(squares / samples) };
}

describe('composite signs', () => {
  it.each(compositeVectors)('$name $order gives its published values', (vector) => {
    const components = vector.components ?? signComposite(vector.name, vector.order).components;
    vectorInputs.forEach((x, i) => {
      const expected = vector.sign[i];
      const digits = Math.abs(x) <= 1 ? 1e-5 : 1e-4;
      expect(Math.abs(evaluateComposite(components, x) - expected)).toBeLessThanOrEqual(
        digits * Math.max(1, Math.abs(expected)),
      );
    });
    const { max, rmse } = reluErrors(components);
    expect(max / vector.reluMaxError).toBeCloseTo(1, 2);
    expect(rmse / vector.reluRmse).toBeCloseTo(1, 2);
  });

  it('keeps the precision 2^-alpha of the minimax composites', () => {
    for (let alpha = 6; alpha <= 14; alpha++) {
      const { max } = reluErrors(signComposite(`alpha${alpha}`).components);
      expect(max, `alpha ${alpha}`).toBeLessThanOrEqual(1.02 * 2 ** -alpha);
    }
  });

  it('has the depths of the papers', () => {
    const depths = Object.fromEntries(compositeNames.map((n) => [n, compositeDepth(signComposite(n).components)]));
    expect(depths).toMatchObject({
      f1g2: 5,
      f2g2: 6,
      f2g3: 6,
      f1sq_g1sq: 8,
      alpha7: 6,
      alpha10: 10,
      alpha13: 13,
      alpha14: 14,
    });
  });

  it('counts the products of SmartPAF forms', () => {
    const products = (name: string): number => compositeMultiplications(signComposite(name).components);
    expect(['f1g2', 'f2g2', 'f2g3', 'f1sq_g1sq', 'alpha7'].map(products)).toEqual([5, 6, 8, 8, 10]);
  });

  it('refuses a form that does not exist', () => {
    expect(() => signComposite('f9g9')).toThrow('no composite form');
  });

  it('has f_n by their closed form', () => {
    const { f1, f2, f3, f4 } = basePolynomials;
    [f1, f2, f3, f4].forEach((f, index) => {
      for (const x of [0.1, 0.5, 0.9]) {
        let sum = 0;
        let binomial = 1;
        for (let i = 0; i <= index + 1; i++) {
          sum += (binomial / 4 ** i) * x * (1 - x * x) ** i;
          binomial = (binomial * 2 * (2 * i + 1)) / (i + 1);
        }
        expect(evaluateOdd(f, x)).toBeCloseTo(sum, 12);
      }
    });
  });

  it('bounds what enters each component', () => {
    for (const name of compositeNames) {
      const { components } = signComposite(name);
      const ranges = componentRanges(components);
      const seen = components.map(() => 0);
      for (let i = -997; i <= 997; i++) {
        let y = i / 997;
        components.forEach((c, k) => {
          seen[k] = Math.max(seen[k], Math.abs(y));
          y = evaluateOdd(c, y);
        });
      }
      seen.forEach((s, k) => expect(s).toBeLessThanOrEqual(1.001 * ranges[k]));
    }
  });
});

describe('odd polynomials', () => {
  it('are the same in the Chebyshev basis at any scale', () => {
    for (const name of ['f4sq_g4sq', 'alpha9', 'alpha14']) {
      for (const component of signComposite(name).components) {
        for (const scale of [1, 1.9]) {
          const c = oddToChebyshev(component, scale);
          const size = Math.max(...c.map(Math.abs));
          for (const x of [-0.93, -0.2, 0.01, 0.7, 1]) {
            expect(Math.abs(evalChebyshev(c, x / scale) - evaluateOdd(component, x))).toBeLessThan(1e-9 * size);
          }
        }
      }
    }
  });

  it('have the derivative of a difference quotient', () => {
    const p = basePolynomials.g4;
    for (const x of [-0.7, 0.1, 0.6]) {
      const h = 1e-6;
      expect(oddDerivative(p, x)).toBeCloseTo((evaluateOdd(p, x + h) - evaluateOdd(p, x - h)) / (2 * h), 5);
    }
  });
});
