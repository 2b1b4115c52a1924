import { describe, expect, it } from 'vitest';
import { defaultCostModel } from '../../../../passes/analysis/cost-model.ts';
import { costOf } from '../../../../passes/analysis/cost.ts';
import { bootstrapCost } from '../../../../passes/kernels/bootstrap/cost.ts';
import { bootstrapModule } from '../../../../passes/kernels/bootstrap/module.ts';
import {
  bootstrapDefaults,
  planBootstrap,
  withSlots,
  type BootstrapOrder,
  type PlannedBootstrap,
} from '../../../../passes/kernels/bootstrap/plan.ts';
import { priceOfBootstrap } from '../../../../passes/place-bootstraps/bootstrap-cost.ts';

const planned = (order: BootstrapOrder): PlannedBootstrap =>
  planBootstrap({
    ...bootstrapDefaults,
    order,
    ringDegree: 2048,
    slots: 1024,
    scaleBits: 38,
    userLevels: 2,
    highBits: 48,
    specialBits: 50,
    slotsToCoeffs: 3,
    coeffsToSlots: 3,
  });

describe('bootstrapCost', () => {
  it.each([
    [1024, 'slots-to-coeffs-first'],
    [256, 'slots-to-coeffs-first'],
    [16, 'slots-to-coeffs-first'],
    [4, 'slots-to-coeffs-first'],
    [1024, 'slots-to-coeffs-last'],
    [4, 'slots-to-coeffs-last'],
  ] as const)('counts what the emitted bootstrap of %i slots holds, %s', (slots, order) => {
    const { plan, parameters } = planned(order);
    const sized = withSlots(plan, slots);
    const [main] = bootstrapModule(sized, parameters).funcs;
    const predicted = bootstrapCost(sized, parameters);
    const counted = costOf(main, parameters, defaultCostModel);
    const sum = (op: string): number => predicted.ops.reduce((n, c) => n + (c.op === op ? c.count : 0), 0);
    expect(sum('rotate')).toBe(counted.rotations);
    expect(sum('mul')).toBe(counted.multiplications);
    expect(sum('mul_plain')).toBe(counted.plainMultiplications);
    expect(sum('relinearize')).toBe(counted.relinearizations);
    expect(sum('rescale')).toBe(counted.rescales);
    expect(sum('encode')).toBe(counted.encodes);
    expect(sum('mod_switch')).toBe(counted.modSwitches);
    expect(predicted.rotations.size).toBe(counted.rotationKeys);
    const { each, once } = priceOfBootstrap({ plan: sized, parameters }, defaultCostModel);
    expect(each + once).toBeCloseTo(counted.seconds, 9);
    for (const value of main.body) {
      const { steps } = value.attrs;
      if (value.op !== 'ckks.rotate' || typeof steps !== 'number' || value.type.kind !== 'cipher') continue;
      expect(predicted.rotations.get(steps)).toBeGreaterThanOrEqual(value.type.level);
    }
  });

  it('is exact: two factors at N = 2^15 take 102 rotations with 30 keys, fewer slots less', () => {
    const large = planBootstrap({
      ...bootstrapDefaults,
      ringDegree: 32768,
      slots: 16384,
      scaleBits: 36,
      userLevels: 6,
      highBits: 45,
      specialBits: 47,
    });
    const costs = [16384, 4096, 1024].map((slots) => {
      const { ops, rotations } = bootstrapCost(withSlots(large.plan, slots), large.parameters);
      const sum = (op: string): number => ops.reduce((n, c) => n + (c.op === op ? c.count : 0), 0);
      return [sum('rotate'), sum('mul_plain'), sum('mul'), rotations.size];
    });
    expect(costs).toEqual([
      [102, 777, 13, 30],
      [50, 115, 13, 18],
      [40, 65, 13, 17],
    ]);
  });
});
