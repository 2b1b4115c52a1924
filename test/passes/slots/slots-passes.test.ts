import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Builder } from '../../../ir/builder.ts';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import type { Module, Value } from '../../../ir/module.ts';
import { add, addPlain, mulPlain, rotate } from '../../../ir/slots/ops.ts';
import { tensor } from '../../../ir/tensor.ts';
import { packedType } from '../../../ir/types.ts';
import { canonicaliseSlots } from '../../../passes/slots/canonicalise-slots.ts';
import { chainRotations } from '../../../passes/slots/chain-rotations.ts';
import { shareCommonSubexpressions } from '../../../passes/slots/common-subexpressions.ts';
import { costOf } from '../lower-nn-to-slots/networks.ts';

const slots = 64;

class SlotsBuilder {
  readonly builder = new Builder();
  readonly x = this.builder.param('x/0', packedType(slots));
  rotate(v: Value, steps: number): Value {
    return this.builder.create(rotate, [v], { steps });
  }
  scale(v: Value, factor: number): Value {
    return this.builder.create(mulPlain, [v], { vector: tensor([1], [factor]) });
  }
  sum(values: readonly Value[]): Value {
    return values.reduce((a, b) => this.builder.create(add, [a, b]));
  }
  module(result: Value): Module {
    return { level: 'slots', funcs: [this.builder.finish('main', [{ name: 'y/0', value: result }])] };
  }
}

const run = (module: Module): Float64Array => {
  const x = tensor(
    [slots],
    Array.from({ length: slots }, (_, i) => Math.sin(i + 1)),
  );
  return evaluateFunc(module.funcs[0], [x])[0].data;
};

const expectSame = (a: Module, b: Module): void => {
  const other = run(b);
  run(a).forEach((v, i) => expect(Math.abs(v - other[i])).toBeLessThan(1e-12));
};

describe('chain-rotations', () => {
  it('makes babies and giants of a product set from two steps, with no rotation more', () => {
    const b = new SlotsBuilder();
    const terms = [0, 8, 16].map((giant) => {
      const inner = b.sum([1, 2, 3, 4].map((baby) => b.scale(b.rotate(b.x, baby), baby + giant)));
      return giant === 0 ? inner : b.rotate(inner, giant);
    });
    const module = b.module(b.sum(terms));
    const shared = shareCommonSubexpressions(module);
    expect(costOf(shared)).toMatchObject({ rotations: 6, steps: 6 });
    const chained = chainRotations(shared);
    expect(costOf(chained)).toMatchObject({ rotations: 6, steps: 2 });
    expectSame(chained, module);
  });

  it('keeps to a limit of keys by further rotations', () => {
    const b = new SlotsBuilder();
    const module = b.module(b.sum([1, 5, 11, 29].map((s) => b.scale(b.rotate(b.x, s), s))));
    const free = costOf(chainRotations(module));
    const limited = chainRotations(module, { maxKeys: 2 });
    expect(costOf(limited).steps).toBe(2);
    expect(costOf(limited).rotations).toBeGreaterThan(free.rotations);
    expectSame(limited, module);
  });

  it('keeps the meaning and never adds rotations', () => {
    const steps = fc.array(fc.integer({ min: 1, max: slots - 1 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(steps, steps, (babies, giants) => {
        const b = new SlotsBuilder();
        const terms = giants.map((g) => b.rotate(b.sum(babies.map((s) => b.scale(b.rotate(b.x, s), (s * g) % 7))), g));
        const module = shareCommonSubexpressions(b.module(b.sum([...terms, b.x, b.rotate(b.x, 3)])));
        const chained = chainRotations(module);
        expect(costOf(chained).rotations).toBeLessThanOrEqual(costOf(module).rotations);
        expect(costOf(chained).steps).toBeLessThanOrEqual(costOf(module).steps);
        expectSame(chained, module);
      }),
      { numRuns: 60 },
    );
  });
});

describe('canonicalise-slots and common-subexpressions', () => {
  it('joins rotations, drops neutral constants, and shares what is equal', () => {
    const b = new SlotsBuilder();
    const back = b.rotate(b.rotate(b.x, 60), 4);
    const twice = b.rotate(b.rotate(b.x, 3), 4);
    const same = b.builder.create(addPlain, [b.scale(twice, 1)], { vector: tensor([1], [0]) });
    const module = b.module(b.sum([back, same, b.rotate(b.x, 7)]));
    const simple = shareCommonSubexpressions(canonicaliseSlots(module));
    expect(costOf(simple)).toEqual({ rotations: 1, multiplications: 0, plainMultiplications: 0, steps: 1 });
    expectSame(simple, module);
  });
});
