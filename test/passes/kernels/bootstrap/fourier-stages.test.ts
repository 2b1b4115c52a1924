import { describe, expect, it } from 'vitest';
import { applyMap, composeMaps, type ComplexVector } from '../../../../passes/kernels/bootstrap/complex-diagonals.ts';
import {
  fourierStage,
  mergedAdjointStages,
  mergedStages,
} from '../../../../passes/kernels/bootstrap/fourier-stages.ts';
import { makeRandom } from '../../../../ir/ckks/simulator/random.ts';
import { bitReverse, polynomialOfSlots, slotsOfPolynomial } from './embedding.ts';

const uniform = (seed: number, length: number): Float64Array => {
  const random = makeRandom(seed);
  return Float64Array.from({ length }, () => random() / 2 ** 31 - 1);
};

const distance = (a: Float64Array, b: Float64Array): number =>
  a.reduce((m, x, i) => Math.max(m, Math.abs(x - b[i])), 0);

describe('the special Fourier transform', () => {
  it.each([4, 8, 64, 256])('brings real numbers from bit-reversed order into the coefficients (%i slots)', (size) => {
    const bits = Math.log2(size);
    const numbers = uniform(size, size);
    const reversed: ComplexVector = {
      re: numbers.map((_, k) => numbers[bitReverse(k, bits)]),
      im: new Float64Array(size),
    };
    let w = reversed;
    for (let stage = 0; stage < bits; stage++) w = applyMap(fourierStage(size, stage), w);
    const coefficients = new Float64Array(2 * size);
    coefficients.set(numbers);
    const exact = slotsOfPolynomial(coefficients);
    expect(distance(w.re, exact.re)).toBeLessThan(1e-12 * size);
    expect(distance(w.im, exact.im)).toBeLessThan(1e-12 * size);
  });

  it.each([
    [16, 2],
    [128, 3],
    [256, 4],
  ])('its adjoint gives the low coefficients of any real polynomial (%i slots, %i stages a factor)', (size, radix) => {
    const bits = Math.log2(size);
    const coefficients = uniform(size, 2 * size);
    let y = slotsOfPolynomial(coefficients);
    for (let last = bits - 1; last >= 0; last -= radix)
      y = applyMap(mergedAdjointStages(size, Math.max(0, last - radix + 1), last), y);
    const low = y.re.map((_, k) => y.re[bitReverse(k, bits)] / size);
    expect(distance(low, coefficients.subarray(0, size))).toBeLessThan(1e-12 * size);
    expect(distance(polynomialOfSlots(slotsOfPolynomial(coefficients)), coefficients)).toBeLessThan(1e-11);
  });

  it('merges k stages into 2^(k+1) - 1 diagonals at multiples of the stride, 2^k with the last stage', () => {
    const steps = (first: number, last: number): number[] => [...mergedStages(256, first, last).diagonals.keys()];
    expect(steps(0, 2)).toHaveLength(15);
    expect(steps(2, 4)).toHaveLength(15);
    expect(steps(2, 4).every((s) => s % 4 === 0)).toBe(true);
    expect(steps(5, 7)).toHaveLength(8);
    expect(mergedStages(256, 0, 2).period).toBe(8);
  });

  it('composes and applies alike', () => {
    const x: ComplexVector = { re: uniform(1, 64), im: uniform(2, 64) };
    const [a, b] = [mergedStages(64, 0, 2), mergedStages(64, 3, 5)];
    const twice = applyMap(b, applyMap(a, x));
    const once = applyMap(composeMaps(b, a), x);
    expect(distance(twice.re, once.re)).toBeLessThan(1e-11);
    expect(distance(twice.im, once.im)).toBeLessThan(1e-11);
  });
});
