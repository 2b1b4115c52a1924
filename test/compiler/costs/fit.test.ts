import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitNativeSpeed, scaleSealCosts, type Measured } from '../../../compiler/costs/fit.ts';
import { costModel, defaultCostModel } from '../../../passes/analysis/cost-model.ts';
import { costedOps } from '../../../passes/analysis/cost-table.ts';
import { defaultNativeSpeed, nativeCostModel, nativeParts } from '../../../passes/analysis/native-costs.ts';

const shapes = [8192, 16384, 32768].flatMap((ringDegree) =>
  [3, 9, 17].flatMap((primes) =>
    [1, 3].flatMap((specialPrimes) => costedOps.map((op) => ({ op, ringDegree, primes, specialPrimes }))),
  ),
);

const measuredAt = (seconds: (m: Omit<Measured, 'seconds'>) => number): Measured[] =>
  shapes.map((shape) => ({ ...shape, seconds: seconds(shape) }));

describe('the fit of the native engine', () => {
  const part = fc.double({ min: 1e-7, max: 1e-3, noNaN: true });
  const speeds = fc.record({ transform: part, keyProduct: part, pass: part, embedding: part, call: part });

  test('finds the speed that measurements come from, and one that predicts noisy ones', () => {
    fc.assert(
      fc.property(
        speeds,
        fc.array(fc.double({ min: 0.9, max: 1.1, noNaN: true }), { minLength: 7, maxLength: 7 }),
        (speed, noise) => {
          const model = (specialPrimes: number) => nativeCostModel(specialPrimes, speed);
          const exact = measuredAt((m) => model(m.specialPrimes).seconds(m.op, m.ringDegree, m.primes));
          const fitted = fitNativeSpeed(exact);
          for (const { op, ringDegree, primes, specialPrimes, seconds } of exact) {
            expect(nativeCostModel(specialPrimes, fitted).seconds(op, ringDegree, primes) / seconds).toBeCloseTo(1, 2);
          }
          const noisy = fitNativeSpeed(exact.map((m, i) => ({ ...m, seconds: m.seconds * noise[i % 7] })));
          for (const { op, ringDegree, primes, specialPrimes, seconds } of exact) {
            const ratio = nativeCostModel(specialPrimes, noisy).seconds(op, ringDegree, primes) / seconds;
            expect(Math.abs(Math.log2(ratio))).toBeLessThan(0.4);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test('has no part below zero, whatever was measured', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-6, max: 1, noNaN: true }), { minLength: 5, maxLength: 40 }),
        (seconds) => {
          const speed = fitNativeSpeed(seconds.map((s, i) => ({ ...shapes[(i * 37) % shapes.length], seconds: s })));
          for (const p of nativeParts) expect(speed[p]).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  test('the shipped speed stays near what the transform of one limb is known to take', () => {
    expect(defaultNativeSpeed.transform).toBeGreaterThan(10e-6);
    expect(defaultNativeSpeed.transform).toBeLessThan(100e-6);
  });
});

describe('the scaled costs of SEAL', () => {
  test('are those shipped where the machine is as fast as the one they come from', () => {
    const same = costModel(scaleSealCosts(measuredAt((m) => defaultCostModel.seconds(m.op, m.ringDegree, m.primes))));
    for (const { op, ringDegree, primes } of shapes)
      expect(same.seconds(op, ringDegree, primes)).toBeCloseTo(defaultCostModel.seconds(op, ringDegree, primes), 9);
  });

  test('follow each op, also at ring degrees that are not shipped', () => {
    const at = (ringDegree: number): Measured[] =>
      costedOps.map((op, i) => ({
        op,
        ringDegree,
        primes: 4,
        specialPrimes: 1,
        seconds: defaultCostModel.seconds(op, ringDegree, 4) * (i + 1),
      }));
    for (const ringDegree of [2048, 16384]) {
      const model = costModel(scaleSealCosts(at(ringDegree)));
      costedOps.forEach((op, i) => {
        const factor = op === 'switch_key' ? costedOps.indexOf('relinearize') + 1 : i + 1;
        expect(model.seconds(op, ringDegree, 7)).toBeCloseTo(factor * defaultCostModel.seconds(op, ringDegree, 7), 9);
      });
    }
  });
});
