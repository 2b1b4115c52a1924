import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import type { Module } from '../../../ir/module.ts';
import { ckksSpec, slotsSpec } from '../../../ir/spec.ts';
import { verifyModule } from '../../../ir/verify.ts';
import { checkLevels } from '../../../passes/check/check-levels.ts';
import { checkScales } from '../../../passes/check/check-scales.ts';
import { scheduleSlots } from '../../../passes/schedule/schedule.ts';
import { inputsFor, slotsModules } from './slots-modules.ts';

const toy = { insecureForTests: true, precisionBits: -100 };

function expectSameResults(before: Module, after: Module): void {
  const inputs = inputsFor(before.funcs[0], 8);
  const expected = evaluateFunc(before.funcs[0], inputs);
  const actual = evaluateFunc(after.funcs[0], inputs);
  expected.forEach((tensor, r) => {
    const largest = tensor.data.reduce((m, x) => Math.max(m, Math.abs(x)), 1);
    tensor.data.forEach((x, i) => expect(Math.abs(actual[r].data[i] - x)).toBeLessThan(1e-9 * largest));
  });
}

describe('scheduleSlots on random slots modules', () => {
  test('keeps the meaning, passes the verifier and the checkers', () => {
    fc.assert(
      fc.property(slotsModules, (module) => {
        expect(verifyModule(module, slotsSpec)).toEqual([]);
        const scheduled = scheduleSlots(module, toy);
        expect(verifyModule(scheduled, ckksSpec)).toEqual([]);
        expect([...checkLevels(scheduled), ...checkScales(scheduled)]).toEqual([]);
        expectSameResults(module, scheduled);
      }),
      { numRuns: 500 },
    );
  });
});
