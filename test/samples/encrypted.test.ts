import { expect, it } from 'vitest';
import { argmax, compileSample, dataOf, errorBits, imageOf, samples } from '../../samples/e2e/sample.ts';
import { runEveryWay } from '../support/encrypted-run.ts';

it('classifies two encrypted digits on SEAL and the native engine as the simulator and exact doubles do', async () => {
  const sample = samples.mlp;
  const compiled = await compileSample(sample, 200);
  expect(compiled.report.parameters.secure).toBe(true);
  const { test } = dataOf(sample);
  const images = [0, 1].map((i) => imageOf(test, i));
  const { encrypted, native, clear, simulated } = await runEveryWay(compiled, images);
  expect(encrypted.map(argmax)).toEqual(clear.map(argmax));
  expect(encrypted.map(argmax)).toEqual(simulated.map(argmax));
  expect(encrypted.map(argmax)).toEqual([...test.labels.subarray(0, 2)]);
  expect(native.map(argmax)).toEqual(encrypted.map(argmax));
  expect(errorBits(clear, encrypted)).toBeLessThanOrEqual(-8);
  expect(errorBits(clear, native)).toBeLessThanOrEqual(-8);
  expect(errorBits(clear, simulated)).toBeLessThanOrEqual(-8);
  // Noise there must be: without it nothing was encrypted.
  expect(errorBits(clear, encrypted)).toBeGreaterThan(-45);
}, 180_000);
