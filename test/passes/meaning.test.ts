import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FhecError } from '../../ir/diagnostics.ts';
import { evaluateFunc } from '../../ir/evaluate.ts';
import { levelSpec } from '../../ir/spec.ts';
import { memoryStore } from '../../ir/text/constants.ts';
import { parseModule } from '../../ir/text/parse.ts';
import { printModule } from '../../ir/text/print.ts';
import type { Module } from '../../ir/module.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { passes } from '../../passes/registry.ts';
import { runPasses } from '../../passes/run.ts';
import { arbitraryModule, randomInputs } from '../runner/arbitrary.ts';

/** The module after the pass (verified by the runner), or undefined when the pass refuses it with a diagnostic. */
function after(run: () => Module): Module | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof FhecError) return undefined;
    throw error;
  }
}

const largest = (tensors: readonly Tensor[]): number =>
  tensors.reduce((m, t) => t.data.reduce((n, x) => (Number.isFinite(x) ? Math.max(n, Math.abs(x)) : Infinity), m), 0);

/** Passes that change the numbers on purpose. */
const inexact: readonly string[] = ['approximate-activations'];

// Lowering to slots changes what a value is: its tests compare through layouts.
const comparable = passes.filter((p) => p.from !== 'nn' || p.to === 'nn');

test.each(comparable)(
  '$name keeps the meaning of random modules, and what it gives verifies and reads back',
  (pass) => {
    let compared = 0;
    fc.assert(
      fc.property(arbitraryModule(levelSpec(pass.from)), fc.nat(), (module, seed) => {
        const inputs = randomInputs(module.funcs[0], seed);
        const options = 'insecure-for-tests' in pass.options ? { 'insecure-for-tests': true } : {};
        const result = after(() => runPasses(module, [{ pass, options }]));
        if (!result) return;
        const constants = memoryStore();
        const text = printModule(result, { constants });
        expect(printModule(parseModule(text, { constants }), { constants })).toBe(text);
        // Rounding grows with intermediate values, so modules whose values explode say nothing.
        const values = module.funcs[0].body.map((value) => ({ name: 'v', value }));
        const bound = largest(evaluateFunc({ ...module.funcs[0], results: values }, inputs));
        if (bound > 1e4) return;
        if (inexact.includes(pass.name)) {
          compared++;
          return;
        }
        const before = evaluateFunc(module.funcs[0], inputs);
        const now = evaluateFunc(result.funcs[0], inputs);
        compared++;
        expect(now.map((t) => t.shape)).toEqual(before.map((t) => t.shape));
        now.forEach((t, i) =>
          t.data.forEach((x, k) =>
            expect(Math.abs(x - before[i].data[k])).toBeLessThanOrEqual(1e-9 * Math.max(1, bound)),
          ),
        );
      }),
      { numRuns: 200 },
    );
    expect(compared, 'modules that the pass accepts').toBeGreaterThan(20);
  },
);
