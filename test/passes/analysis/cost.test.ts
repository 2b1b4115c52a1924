import { describe, expect, test } from 'vitest';
import type { Module } from '../../../ir/module.ts';
import { costOf } from '../../../passes/analysis/cost.ts';
import { costModel, defaultCostModel } from '../../../passes/analysis/cost-model.ts';
import { costedOps } from '../../../passes/analysis/cost-table.ts';
import { predictedPrecisionBits, predictNoise } from '../../../passes/analysis/noise.ts';
import { scheduleSlots } from '../../../passes/schedule/schedule.ts';
import { SlotsWriter } from '../schedule/slots-modules.ts';

const toy = { insecureForTests: true, precisionBits: -100 };

function scheduled(module: Module) {
  const { funcs, parameters } = scheduleSlots(module, toy);
  if (!parameters) throw new Error('a schedule chooses parameters');
  return { func: funcs[0], parameters };
}

describe('costOf', () => {
  const w = new SlotsWriter(8);
  const x = w.param('x/0');
  const square = w.mul(x, x);
  w.loc = { kind: 'onnx', node: 'second', operator: 'Gemm' };
  const { func, parameters } = scheduled(w.module(w.addPlain(w.add(square, w.rotate(square, 3)), 1)));

  test('counts ops and keys', () => {
    const cost = costOf(func, parameters, defaultCostModel);
    expect(cost).toMatchObject({
      rotations: 1,
      multiplications: 1,
      relinearizations: 1,
      rescales: 1,
      encodes: 1,
      additions: 2,
      depth: 1,
      rotationKeys: 1,
      ringDegree: 16,
    });
  });

  test('shares add up to the total, by node', () => {
    const cost = costOf(func, parameters, defaultCostModel);
    const nodes = [...cost.byNode.values()];
    expect([...cost.byNode.keys()]).toEqual(['first', 'second']);
    expect(nodes.reduce((sum, n) => sum + n.seconds, 0)).toBeCloseTo(cost.seconds, 12);
    expect(nodes.reduce((sum, n) => sum + n.additions, 0)).toBe(cost.additions);
    expect(cost.byNode.get('second')).toMatchObject({ rotations: 1, highestLevel: 1, lowestLevel: 0 });
  });
});

describe('the cost model', () => {
  test('evaluates its table, and extrapolates by N log N', () => {
    const row = Object.fromEntries(costedOps.map((op) => [op, [1, 2, 3] as const])) as Parameters<
      typeof costModel
    >[0][string];
    const model = costModel({ 1024: row });
    expect(model.seconds('rotate', 1024, 4)).toBeCloseTo((1 + 8 + 48) / 1000, 12);
    expect(model.seconds('rotate', 2048, 4)).toBeCloseTo(((1 + 8 + 48) / 1000) * 2.2, 12);
  });

  test('agrees with measured rotations within a tenth', () => {
    const measured = [
      [8192, 5, 7.55],
      [16384, 8, 32.1],
      [16384, 12, 64.5],
      [32768, 22, 419],
    ] as const;
    for (const [n, primes, milliseconds] of measured) {
      expect(Math.abs((defaultCostModel.seconds('rotate', n, primes) * 1000) / milliseconds - 1)).toBeLessThan(0.1);
    }
  });
});

describe('predictNoise', () => {
  test('follows weights, sums and squares', () => {
    const w = new SlotsWriter(2048);
    const x = w.param('x/0');
    const { funcs, parameters } = scheduleSlots(w.module(w.mulPlain(x, 8), w.mulPlain(x, 0.125)), { precisionBits: 1 });
    if (!parameters) throw new Error('no parameters');
    const noise = predictNoise(funcs[0], parameters);
    const [large, small] = funcs[0].results.map((r) => noise.get(r.value) ?? NaN);
    expect(large).toBeGreaterThan(small);
    const bits = predictedPrecisionBits(funcs[0], parameters);
    expect(bits).toBeCloseTo(-Math.log2(large), 10);
    // Static scales: what is multiplied is about 1; larger values make the encoding error of weights matter more.
    expect(predictedPrecisionBits(funcs[0], parameters, { magnitude: () => 1000 })).toBeLessThan(bits);
    expect(predictedPrecisionBits(funcs[0], parameters, { symmetric: false })).toBeLessThan(bits);
  });
});
