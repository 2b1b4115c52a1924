import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import { calibrate } from '../../../compiler/pipeline/calibrate.ts';
import { canonicalise } from '../../../compiler/pipeline/canonical.ts';
import { answersChangedByNoise } from '../../../compiler/pipeline/expected-loss.ts';
import { checkPrecision, type PrecisionGoal } from '../../../compiler/pipeline/precision.ts';
import { FhecError } from '../../../ir/diagnostics.ts';
import { denseNetwork, randomInputs } from './small-networks.ts';

describe('answers changed by noise', () => {
  it('are those whose margin the difference of two normal errors exceeds', () => {
    // One standard deviation of the difference.
    expect(answersChangedByNoise([Float64Array.of(1, 0)], Math.SQRT1_2)).toBeCloseTo(0.158655, 5);
    expect(answersChangedByNoise([Float64Array.of(0, 1), Float64Array.of(1e3, 0)], Math.SQRT1_2)).toBeCloseTo(
      0.0793,
      4,
    );
  });

  it('are none without noise, and all where noise is no number', () => {
    const logits = [Float64Array.of(3, 1, 2)];
    expect(answersChangedByNoise(logits, 1e-9)).toBe(0);
    expect(answersChangedByNoise(logits, NaN)).toBe(1);
    expect(answersChangedByNoise(logits, Infinity)).toBe(1);
    expect(answersChangedByNoise([new Float64Array(100)], 1)).toBe(1);
  });
});

describe('the precision asked for', () => {
  const calibration = calibrate(
    canonicalise(importOnnx(denseNetwork(1, 'Relu')), () => undefined),
    randomInputs([1, 8], 60),
  );
  const check = (goal: PrecisionGoal, deviation: number): void =>
    checkPrecision({ deviation, bits: -Math.log2(deviation), bound: 6 * deviation }, goal, calibration, []);

  it.each<PrecisionGoal>([
    { kind: 'bits', least: 10 },
    { kind: 'answers', mostChanged: 0.001 },
  ])('$kind: little noise passes, much and no number do not', (goal) => {
    expect(() => check(goal, 2 ** -40)).not.toThrow();
    for (const deviation of [1, NaN]) {
      expect(() => check(goal, deviation)).toThrow(FhecError);
      expect(() => check(goal, deviation)).toThrow(/noise/);
    }
  });
});
