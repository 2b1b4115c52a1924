import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalNnSpec, ckksSpec, nnSpec, slotsSpec } from '../../../ir/spec.ts';
import { memoryStore } from '../../../ir/text/constants.ts';
import { parseModule } from '../../../ir/text/parse.ts';
import { printModule } from '../../../ir/text/print.ts';
import { verifyModule } from '../../../ir/verify.ts';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import { arbitraryModule, randomInputs } from '../../runner/arbitrary.ts';

test.each([nnSpec, canonicalNnSpec, slotsSpec, ckksSpec])('random modules of $name verify clean', (spec) => {
  fc.assert(
    fc.property(arbitraryModule(spec), (module) => {
      expect(verifyModule(module, spec)).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

test.each([nnSpec, canonicalNnSpec, slotsSpec, ckksSpec])('printing and reading $name gives the same text', (spec) => {
  fc.assert(
    fc.property(arbitraryModule(spec), fc.boolean(), (module, loc) => {
      const constants = memoryStore();
      const text = printModule(module, { constants, loc });
      const again = parseModule(text, { constants });
      expect(printModule(again, { constants, loc })).toBe(text);
    }),
    { numRuns: 100 },
  );
});

test.each([nnSpec, slotsSpec, ckksSpec])('printing and reading $name keeps every bit of the meaning', (spec) => {
  fc.assert(
    fc.property(arbitraryModule(spec), fc.nat(), (module, seed) => {
      const constants = memoryStore();
      const again = parseModule(printModule(module, { constants }), { constants });
      const inputs = randomInputs(module.funcs[0], seed);
      expect(evaluateFunc(again.funcs[0], inputs)).toEqual(evaluateFunc(module.funcs[0], inputs));
    }),
    { numRuns: 60 },
  );
});

test('random modules reach most ops of every level', () => {
  for (const spec of [nnSpec, slotsSpec, ckksSpec]) {
    const seen = new Set<string>();
    for (const module of fc.sample(arbitraryModule(spec), { numRuns: 300, seed: 7 }))
      for (const op of module.funcs[0].body) seen.add(op.op);
    const unseen = [...spec.ops].filter((name) => !seen.has(name));
    expect(unseen.length, `never drawn: ${unseen.join(', ')}`).toBeLessThanOrEqual(spec.ops.size * 0.2);
  }
});
