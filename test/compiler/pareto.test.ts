import { expect, it } from 'vitest';
import { compileModel } from '../../compiler/compile.ts';
import type { CompileOptions } from '../../compiler/options.ts';
import { sweepPareto } from '../../compiler/pareto.ts';
import { denseNetwork, randomInputs, residualNetwork } from './pipeline/small-networks.ts';

it.each<readonly [string, Uint8Array, Omit<CompileOptions, 'maxAccuracyLoss' | 'maxLatency'>]>([
  ['without bootstraps', denseNetwork(1, 'Relu'), { calibration: randomInputs([1, 8], 60), maxDegree: 5 }],
  [
    'with bootstraps',
    residualNetwork(),
    {
      calibration: randomInputs([1, 2, 4, 4], 60),
      ...{ target: 'native', bootstraps: 'cost', insecureForTests: true, ringDegree: 1024 },
      ...{ maxDegree: 7, precisionBits: 6 },
    },
  ],
])('a sweep %s gives what each compilation gives', async (_, network, options) => {
  const limits = [{ maxAccuracyLoss: 60 }, { maxAccuracyLoss: 30 }, { maxLatency: 1e-6 }, { maxLatency: 1e6 }];
  const { points, missed } = sweepPareto(network, options, limits);
  expect(missed.map((m) => m.limit)).toEqual([{ maxLatency: 1e-6 }]);
  expect(points.map((p) => p.limit)).toEqual(limits.filter((l) => l.maxLatency !== 1e-6));
  const [loose, strict, slow] = points;
  expect(loose.seconds).toBeLessThanOrEqual(strict.seconds);
  expect(slow.loss).toBeLessThanOrEqual(loose.loss);
  for (const p of points) {
    const { report } = await compileModel(network, { ...options, ...p.limit });
    expect(report.cost.seconds).toBe(p.seconds);
    expect(report.cost.peakBytes).toBe(p.peakBytes);
    expect(report.accuracy.agreement).toBe(p.agreement);
    expect(p.best).toBe(
      !points.some((q) => q.loss < p.loss && q.seconds <= p.seconds && q.peakBytes <= p.peakBytes) &&
        !points.some((q) => q.loss <= p.loss && q.seconds < p.seconds && q.peakBytes <= p.peakBytes) &&
        !points.some((q) => q.loss <= p.loss && q.seconds <= p.seconds && q.peakBytes < p.peakBytes),
    );
  }
});
