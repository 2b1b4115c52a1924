import { describe, expect, it } from 'vitest';
import { argmax, compileSample, dataOf, errorBits, imageOf, samples } from '../../samples/e2e/sample.ts';
import { expectCost } from '../support/expect-cost.ts';
import { runThreeWays } from '../support/encrypted-run.ts';

describe.each(['lenet-max', 'fashion'] as const)('%s', (key) => {
  const sample = samples[key];

  it('classifies two encrypted images as the simulator does', async () => {
    const compiled = await compileSample(sample, 500);
    expect(compiled.report.parameters.secure).toBe(true);
    const { test } = dataOf(sample);
    const images = [0, 1].map((i) => imageOf(test, i));
    const { encrypted, clear, simulated } = await runThreeWays(compiled, images, sample.server);
    expect(encrypted.map(argmax)).toEqual(simulated.map(argmax));
    expect(errorBits(clear, encrypted)).toBeLessThanOrEqual(-8);
  });

  it('costs exactly what was accepted', () => expectCost(sample));
});
