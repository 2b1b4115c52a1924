import { describe, expect, test } from 'vitest';
import { rowMajorLayout } from '../../../ir/layout.ts';
import type { TensorSignature } from '../../../ir/program/program.ts';
import { tensor } from '../../../ir/tensor.ts';
import { shareOutput } from '../../../runtime/client/share.ts';

const size = 20_000;
const signature = (factor: readonly number[]): TensorSignature => ({
  name: 'y',
  shape: [1, size],
  factor,
  layout: rowMajorLayout(size),
  registers: [0],
  level: 0,
  scale: 2 ** 30,
});
const output = tensor(
  [1, size],
  Float64Array.from({ length: size }, (_, i) => 100 * Math.sin(i)),
);
const bound = 2 ** -10;

describe('shareOutput', () => {
  test('adds normal noise far above the error bound, on a grid that shows nothing below it', () => {
    const { output: shared, deviation, step } = shareOutput(signature([-2]), bound, output);
    expect(deviation[0]).toBeCloseTo(2 * bound * Math.sqrt(12) * 16, 12);
    expect(deviation[0]).toBeGreaterThan(50 * 2 * bound);
    expect(step[0]).toBeGreaterThan(deviation[0] / 2);
    const noise = shared.data.map((x, i) => (x - output.data[i]) / deviation[0]);
    expect(shared.data.every((x) => Number.isInteger(x / step[0]))).toBe(true);
    const mean = noise.reduce((s, x) => s + x, 0) / size;
    const variance = noise.reduce((s, x) => s + x * x, 0) / size;
    const kurtosis = noise.reduce((s, x) => s + x ** 4, 0) / size / variance ** 2;
    // Six standard errors each; rounding to the grid adds step^2 / 12 to the variance.
    expect(Math.abs(mean)).toBeLessThan(6 / Math.sqrt(size));
    expect(Math.abs(variance - 1 - (step[0] / deviation[0]) ** 2 / 12)).toBeLessThan(6 * Math.sqrt(2 / size));
    expect(Math.abs(kurtosis - 3)).toBeLessThan(6 * Math.sqrt(24 / size));
  });

  test('noise is fresh each time, grows with results and security, and follows the factor of each element', () => {
    const share = (options: { results?: number; securityBits?: number }) =>
      shareOutput(signature([1]), bound, output, options);
    expect(share({}).output.data).not.toEqual(share({}).output.data);
    expect(share({ results: 100 }).deviation[0]).toBeCloseTo(10 * share({}).deviation[0], 12);
    expect(share({ securityBits: 10 }).deviation[0]).toBeCloseTo(2 * share({}).deviation[0], 12);
    const factors = Array.from({ length: size }, (_, i) => (i % 2 ? 4 : 1));
    const { deviation } = shareOutput(signature(factors), bound, output);
    expect(deviation[1]).toBeCloseTo(4 * deviation[0], 12);
  });

  test('two outputs that differ by less than the error bound cannot be told apart by their rounding', () => {
    const bytes = (count: number): Uint8Array => new Uint8Array(count).fill(0x5a);
    const nudged = tensor(
      output.shape,
      output.data.map((x) => x + bound / 2 ** 20),
    );
    const [a, b] = [output, nudged].map((t) => shareOutput(signature([1]), bound, t, { bytes }).output.data);
    expect(a.filter((x, i) => x !== b[i]).length).toBeLessThan(size / 1000);
  });

  test('refuses when nothing of the result would be left', () => {
    expect(() => shareOutput(signature([1]), 2, output)).toThrow('FHE0603');
  });
});
