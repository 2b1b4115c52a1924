import { describe, expect, it } from 'vitest';
import { accuracyOf, exactNetwork } from '../../bench/figures/accuracy.ts';
import { simulate } from '../../runtime/simulator/simulate.ts';
import { writeFiles } from '../../samples/e2e/files.ts';
import { argmax, compileSample, dataOf, errorBits, imageOf, samples } from '../../samples/e2e/sample.ts';
import { runEveryWay } from '../support/encrypted-run.ts';

const sample = samples.lenet;
const encryptedDigits = 20;

describe('LeNet with average pooling', () => {
  it('classifies 20 encrypted digits on SEAL and the native engine as the simulator does, with logits near those of the polynomial network', async () => {
    const compiled = await compileSample(sample, 500);
    expect(compiled.report.parameters.secure).toBe(true);
    const { test } = dataOf(sample);
    const images = Array.from({ length: encryptedDigits }, (_, i) => imageOf(test, i));
    const { encrypted, native, clear, simulated } = await runEveryWay(compiled, images);
    expect(encrypted.map(argmax)).toEqual(simulated.map(argmax));
    expect(errorBits(clear, encrypted)).toBeLessThanOrEqual(-8);
    expect(native.map(argmax)).toEqual(encrypted.map(argmax));
    expect(errorBits(clear, native)).toBeLessThanOrEqual(-8);
  });

  it('loses at most 0.3 points on all test digits under simulated noise', async () => {
    const { test } = dataOf(sample);
    const plain = accuracyOf(exactNetwork(sample), test);
    expect(plain).toBeGreaterThanOrEqual(0.988);
    const files = writeFiles(await compileSample(sample, 500));
    try {
      const images = (function* () {
        for (let i = 0; i < test.count; i++) yield [imageOf(test, i)];
      })();
      const results = await simulate(files.modelPath, images, { threads: 2 });
      const right = results.filter((r, i) => r.kind === 'outputs' && argmax(r.outputs[0].data) === test.labels[i]);
      expect(right.length / test.count).toBeGreaterThanOrEqual(plain - 0.003);
    } finally {
      files.remove();
    }
  });
});
