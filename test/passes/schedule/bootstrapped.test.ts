import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Builder } from '../../../ir/builder.ts';
import { modRaise } from '../../../ir/ckks/bootstrap-ops.ts';
import * as ckks from '../../../ir/ckks/ops.ts';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import type { Module, Value } from '../../../ir/module.ts';
import { rewriteModule } from '../../../ir/rewrite.ts';
import { refresh } from '../../../ir/slots/ops.ts';
import { ckksSpec, slotsSpec } from '../../../ir/spec.ts';
import { scalar } from '../../../ir/tensor.ts';
import { verifyModule } from '../../../ir/verify.ts';
import { checkLevels } from '../../../passes/check/check-levels.ts';
import { checkScales } from '../../../passes/check/check-scales.ts';
import { copiedBootstraps } from '../../../passes/schedule/bootstrapping.ts';
import { makeParameters } from '../../../passes/schedule/parameters.ts';
import { scheduleSlots } from '../../../passes/schedule/schedule.ts';
import { errorOf } from '../../support/error-code.ts';
import { inputsFor, slotsModules, SlotsWriter } from './slots-modules.ts';

const toy = { insecureForTests: true, precisionBits: -100 };

const levels = { input: 2, output: 10 };
const parameters = makeParameters({ ringDegree: 16, depth: levels.output + 1, scaleBits: 30, headroomBits: 8 });
if (!parameters) throw new Error('no parameters');
const chain = parameters;

/** What a bootstrap does to levels and scales, without its approximation. */
function raiseOnly(builder: Builder, x: Value): Value {
  const { scale } = x.type.kind === 'cipher' ? x.type : { scale: 1 };
  const above = levels.output + 1;
  const low = builder.create(ckks.modSwitch, [x], { level: 0 });
  const raised = builder.create(modRaise, [low], { level: above });
  const one = builder.create(ckks.encode, [], {
    vector: scalar(1),
    level: above,
    scale: chain.scales[above] ** 2 / scale,
  });
  return builder.create(ckks.rescale, [builder.create(ckks.mulPlain, [raised, one], {})], {});
}

const bootstrapping = copiedBootstraps(chain, levels, raiseOnly);

/** A refresh after some of the ops. */
const refreshed = (module: Module, bits: number): Module =>
  rewriteModule(module, (op, { builder, mapped }) => {
    const index = module.funcs[0].body.indexOf(op);
    if (((bits >> (index % 30)) & 1) === 0 || op.op === 'slots.pack') return undefined;
    return builder.create(refresh, [builder.copy(op, op.operands.map(mapped))], { period: 8 }, op.loc);
  });

describe('scheduleSlots with bootstraps', () => {
  test('keeps the meaning, passes the verifier and the checkers, and renews levels', () => {
    let bootstraps = 0;
    fc.assert(
      fc.property(slotsModules, fc.nat(2 ** 30 - 1), (plain, bits) => {
        const before = refreshed(plain, bits & (bits >> 7));
        expect(verifyModule(before, slotsSpec)).toEqual([]);
        const after = scheduleSlots(before, { ...toy, chain: { parameters: chain, bootstrapping } });
        expect(verifyModule(after, ckksSpec)).toEqual([]);
        expect(checkLevels(after)).toEqual([]);
        expect(checkScales(after)).toEqual([]);
        bootstraps += after.funcs[0].body.filter((v) => v.op === modRaise.name).length;
        for (const { type } of after.funcs[0].params)
          expect(type.kind === 'cipher' ? type.level : Infinity).toBeLessThanOrEqual(levels.output);
        const inputs = inputsFor(before.funcs[0], 8);
        const expected = evaluateFunc(before.funcs[0], inputs);
        const actual = evaluateFunc(after.funcs[0], inputs);
        expected.forEach((tensor, r) => {
          const largest = tensor.data.reduce((m, x) => Math.max(m, Math.abs(x)), 1);
          tensor.data.forEach((x, i) => expect(Math.abs(actual[r].data[i] - x)).toBeLessThan(1e-9 * largest));
        });
      }),
      { numRuns: 150 },
    );
    expect(bootstraps).toBeGreaterThan(100);
  });

  test('refuses what no chain was made for', () => {
    const w = new SlotsWriter(8);
    const x = w.param('x/0');
    const y = w.builder.create(refresh, [w.mul(x, x)], { period: 8 }, w.loc);
    expect(errorOf(() => scheduleSlots(w.module(y), toy))).toContain('FHE0602');
    const deep = Array.from({ length: 11 }).reduce<Value>((v) => w.mul(v, v), y);
    expect(
      errorOf(() => scheduleSlots(w.module(deep), { ...toy, chain: { parameters: chain, bootstrapping } })),
    ).toContain('FHE0602');
  });

  test('copies of a bootstrap share their vectors', () => {
    const w = new SlotsWriter(8);
    const x = w.param('x/0');
    const mask = [1, 2, 3, 4, 5, 6, 7, 8];
    const kernel = (builder: Builder, v: Value): Value => {
      const y = raiseOnly(builder, v);
      const { level, scale } = y.type.kind === 'cipher' ? y.type : { level: 0, scale: 1 };
      const vector = { shape: [8], data: Float64Array.from(mask) };
      return builder.create(ckks.addPlain, [y, builder.create(ckks.encode, [], { vector, level, scale })], {});
    };
    const once = w.builder.create(refresh, [w.mulPlain(x, 2)], { period: 8 }, w.loc);
    const far = w.mul(w.mul(w.mul(once, x), x), x);
    const twice = w.builder.create(refresh, [w.mulPlain(once, 3)], { period: 8 }, w.loc);
    const module = scheduleSlots(w.module(w.add(twice, far)), {
      ...toy,
      chain: { parameters: chain, bootstrapping: copiedBootstraps(chain, levels, kernel) },
    });
    const vectors = module.funcs[0].body.flatMap(({ attrs: { vector } }) =>
      typeof vector === 'object' && 'data' in vector && vector.data.length === 8 ? [vector.data] : [],
    );
    expect(vectors).toHaveLength(2);
    expect(vectors[0]).toBe(vectors[1]);
  });
});
