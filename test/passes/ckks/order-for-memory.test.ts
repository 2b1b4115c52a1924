import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import { ckksSpec } from '../../../ir/spec.ts';
import { verifyModule } from '../../../ir/verify.ts';
import { peakMemory } from '../../../passes/analysis/peak-memory.ts';
import { orderForMemory } from '../../../passes/ckks/order-for-memory.ts';
import { scheduleSlots } from '../../../passes/schedule/schedule.ts';
import { inputsFor, slotsModules, SlotsWriter } from '../schedule/slots-modules.ts';

const toy = { insecureForTests: true, precisionBits: -100 };

describe('orderForMemory', () => {
  test('keeps meaning and ops, and never needs more memory', () => {
    fc.assert(
      fc.property(slotsModules, (module) => {
        const before = scheduleSlots(module, toy);
        const after = orderForMemory(before);
        expect(verifyModule(after, ckksSpec)).toEqual([]);
        expect(new Set(after.funcs[0].body)).toEqual(new Set(before.funcs[0].body));
        const inputs = inputsFor(module.funcs[0], 8);
        expect(evaluateFunc(after.funcs[0], inputs)).toEqual(evaluateFunc(before.funcs[0], inputs));
        expect(peakMemory(after.funcs[0], 16).peakBytes).toBeLessThanOrEqual(peakMemory(before.funcs[0], 16).peakBytes);
      }),
      { numRuns: 100 },
    );
  });

  test('a long sum of rotations needs four ciphertexts, however long it is', () => {
    const w = new SlotsWriter(64);
    const x = w.param('x/0');
    const terms = Array.from({ length: 60 }, (_, i) => w.mulPlain(w.rotate(x, i + 1), i + 1));
    const scheduled = scheduleSlots(w.module(terms.reduce((a, b) => w.add(a, b))), toy);
    expect(peakMemory(scheduled.funcs[0], 128).peakCiphertexts).toBeGreaterThan(60);
    // The input, the sum so far, a rotation and its product.
    expect(peakMemory(orderForMemory(scheduled).funcs[0], 128).peakCiphertexts).toBe(4);
  });
});
