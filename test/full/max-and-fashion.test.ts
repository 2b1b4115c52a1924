import { describe, expect, it } from 'vitest';
import { argmax, compileSample, dataOf, errorBits, imageOf, samples } from '../../samples/e2e/sample.ts';
import { expectCost } from '../support/expect-cost.ts';
import { runEveryWay } from '../support/encrypted-run.ts';

describe.each(['lenet-max', 'fashion'] as const)('%s', (key) => {
  const sample = samples[key];

  it('classifies two encrypted images on SEAL and the native engine as the simulator does', async () => {
    const compiled = await compileSample(sample, 500);
    expect(compiled.report.parameters.secure).toBe(true);
    const { test } = dataOf(sample);
    const images = [0, 1].map((i) => imageOf(test, i));
    const { encrypted, native, clear, simulated } = await runEveryWay(compiled, images);
    expect(encrypted.map(argmax)).toEqual(simulated.map(argmax));
    expect(errorBits(clear, encrypted)).toBeLessThanOrEqual(-8);
    expect(native.map(argmax)).toEqual(encrypted.map(argmax));
    expect(errorBits(clear, native)).toBeLessThanOrEqual(-8);
  });

  it('costs exactly what was accepted', () => expectCost(sample));
});
