import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tensor } from '../../../../ir/tensor.ts';
import {
  applyEvalMod,
  argumentAmplitude,
  evalModDepth,
  type ArcsineDegree,
} from '../../../../passes/kernels/bootstrap/eval-mod.ts';
import { failureBits, leastBound, overflowDeviation } from '../../../../passes/kernels/bootstrap/overflow.ts';
import { fitCosine, scaledSine } from '../../../../passes/kernels/bootstrap/scaled-cosine.ts';
import { countArithmetic } from '../../../../passes/kernels/count-arithmetic.ts';
import { evaluateArithmetic } from '../../../../passes/kernels/evaluate-arithmetic.ts';

const sparse = { bound: 16, doublings: 3, degree: 30, deviation: overflowDeviation(32) };

const planOf = (arcsine: ArcsineDegree, spread: number) => ({
  ...sparse,
  arcsine,
  cosine: fitCosine({ ...sparse, spread }),
});

describe('overflow', () => {
  it('has the failure probability of the literature: 2^-138.7 for weight 32, bound 16, N = 2^16', () => {
    expect(failureBits(32, 16, 65536)).toBeCloseTo(138.7, 1);
    expect(leastBound(32, 65536, 128)).toBe(16);
    expect(failureBits(32, 17, 65536)).toBe(Infinity);
  });

  it('agrees with the normal law near the middle for a dense secret', () => {
    const weight = 683;
    const bound = 16;
    const tail = 2 ** -failureBits(weight, bound, 1);
    const z = bound / overflowDeviation(weight);
    // Q(z) of the normal law by its continued fraction, to a percent at z about 2.
    const normal = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * (1 / (z + 1 / (z + 2 / (z + 3 / (z + 4 / z)))));
    expect(tail / (2 * normal)).toBeGreaterThan(0.95);
    expect(tail / (2 * normal)).toBeLessThan(1.05);
  });
});

describe('fitCosine', () => {
  it('is a cosine near the whole numbers to far below the noise, and nowhere wild between them', () => {
    const { coefficients, error } = fitCosine({ ...sparse, spread: 2 ** -10 });
    expect(Math.log2(error.rms)).toBeLessThan(-39);
    expect(Math.log2(error.worst)).toBeLessThan(-28);
    for (let x = -16; x <= 16; x += 1 / 64)
      expect(Math.abs(scaledSine(sparse, coefficients, x) - Math.sin(2 * Math.PI * x))).toBeLessThan(2 ** -16);
    expect(coefficients.every((c, k) => k % 2 === 0 || c === 0)).toBe(true);
  });
});

describe('applyEvalMod', () => {
  it.each([
    [1, 10, 17],
    [3, 6, 17],
    [5, 6, 22],
  ] as const)('removes whole numbers: arcsine degree %i, ratio 2^%i, at least %i bits', (arcsine, ratio, bits) => {
    const plan = planOf(arcsine, 2 ** -ratio);
    const gain = 2 ** ratio;
    const sine = arcsine === 1 ? gain / (2 * Math.PI) : 8;
    const x = fc.record({ whole: fc.integer({ min: -10, max: 10 }), z: fc.double({ min: -1, max: 1, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(x, { minLength: 4, maxLength: 4 }), (numbers) => {
        const v = tensor(
          [4],
          numbers.map(({ whole, z }) => ((whole + z / gain) * argumentAmplitude) / (plan.bound + 0.25)),
        );
        const y = applyEvalMod(evaluateArithmetic(4), v, plan, { gain, sine });
        numbers.forEach(({ z }, i) => expect(Math.abs(y.data[i] - z)).toBeLessThan(2 ** -bits));
      }),
    );
  });

  it.each([
    [1, 8, 14],
    [3, 10, 16],
    [5, 11, 17],
  ] as const)('arcsine degree %i takes %i levels and %i products', (arcsine, depth, multiplications) => {
    const on = countArithmetic(4);
    const plan = planOf(arcsine, 2 ** -8);
    expect(applyEvalMod(on, 0, plan, { gain: 256, sine: 8 })).toBe(depth);
    expect(evalModDepth(plan, sparse.degree).total).toBe(depth);
    expect(on.cost().multiplications).toBe(multiplications);
  });
});
