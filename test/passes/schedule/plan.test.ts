import { describe, expect, test } from 'vitest';
import type { Module } from '../../../ir/module.ts';
import { costOf, type Cost } from '../../../passes/analysis/cost.ts';
import { costModel, defaultCostModel } from '../../../passes/analysis/cost-model.ts';
import { sealWasmCosts } from '../../../passes/analysis/cost-table.ts';
import { scheduleSlots, slotsDepth, type ScheduleOptions } from '../../../passes/schedule/schedule.ts';
import { SlotsWriter } from './slots-modules.ts';

const toy = { insecureForTests: true, precisionBits: -100 };

function costs(module: Module, options: Partial<ScheduleOptions> = {}): Cost {
  const { funcs, parameters } = scheduleSlots(module, { ...toy, ...options });
  if (!parameters) throw new Error('a schedule chooses parameters');
  return costOf(funcs[0], parameters, defaultCostModel);
}

const opsOf = (module: Module, options: Partial<ScheduleOptions> = {}): string[] =>
  scheduleSlots(module, { ...toy, ...options }).funcs[0].body.map((v) => v.op.replace('ckks.', ''));

describe('rescales and relinearizations', () => {
  test('products of one sum share both', () => {
    const w = new SlotsWriter(8);
    const [x, y, z] = ['x/0', 'y/0', 'z/0'].map((name) => w.param(name));
    const sum = w.sub(w.add(w.mul(x, y), w.mul(y, z)), w.negate(w.mulPlain(z, 3)));
    expect(costs(w.module(sum))).toMatchObject({ multiplications: 2, rescales: 1, relinearizations: 1, depth: 1 });
  });

  test('a fresh term at the level of the sum is added after the rescale, at no cost', () => {
    const w = new SlotsWriter(8);
    const x = w.param('x/0');
    const y = w.param('y/0');
    const sum = w.add(w.add(w.mulPlain(x, 2), y), w.mulPlain(x, 0.5));
    const counts = costs(w.module(sum));
    expect(counts).toMatchObject({ rescales: 1, plainMultiplications: 2, modSwitches: 0, depth: 1 });
  });

  test('a term from a higher level becomes a product of the sum and shares its rescale', () => {
    const w = new SlotsWriter(8);
    const x = w.param('x/0');
    // x is needed at level 3 by its square; the last sum stands at level 0.
    const square = w.mul(x, x);
    const eighth = w.mul(w.mul(square, square), w.mul(square, square));
    const counts = costs(w.module(w.add(eighth, x)));
    expect(counts).toMatchObject({ depth: 3, plainMultiplications: 1, modSwitches: 1 });
    expect(counts.rescales).toBe(counts.relinearizations);
  });

  test('a plain product of a value from a higher level needs no correction: its plaintext makes the scale good', () => {
    const w = new SlotsWriter(8);
    const x = w.param('x/0');
    const cube = w.mul(w.mul(x, x), w.mulPlain(x, 0.5));
    const counts = costs(w.module(w.add(cube, w.mulPlain(x, 3))));
    expect(counts).toMatchObject({
      depth: 2,
      plainMultiplications: 2,
      modSwitches: 1,
      rescales: 3,
      relinearizations: 2,
    });
  });

  test('a value that two multiplications need at a lower level is brought down once', () => {
    const w = new SlotsWriter(8);
    const x = w.param('x/0');
    const square = w.mul(x, x);
    const a = w.mul(square, x);
    const b = w.mul(w.rotate(square, 1), x);
    const counts = costs(w.module(a, b));
    expect(counts).toMatchObject({
      depth: 2,
      plainMultiplications: 1,
      modSwitches: 0,
      rescales: 4,
      relinearizations: 3,
    });
  });
});

describe('rotations of products', () => {
  /** Two giant steps over two baby steps, as a linear map makes them. */
  const linearMap = (giants: number): Module => {
    const w = new SlotsWriter(8);
    const x = w.param('x/0');
    const babies = [x, w.rotate(x, 1)];
    const vector = [1, 2, 3, 4, 5, 6, 7, 8];
    const inner = Array.from({ length: giants }, (_, g) => {
      const sum = babies.map((b) => w.mulPlain(b, ...vector.map((v) => v + g))).reduce((a, b) => w.add(a, b));
      return g === 0 ? sum : w.rotate(sum, 2 * g);
    });
    return w.module(
      w.addPlain(
        inner.reduce((a, b) => w.add(a, b)),
        ...vector,
      ),
    );
  };

  test('a baby-step giant-step linear map costs one level and one rescale', () => {
    expect(costs(linearMap(4))).toMatchObject({
      rotations: 4,
      rotationKeys: 4,
      plainMultiplications: 8,
      rescales: 1,
      relinearizations: 0,
      depth: 1,
      additions: 8,
    });
  });

  test('with earlyRescale the cost model decides which comes first', () => {
    const dear = { ...sealWasmCosts[8192], rescale: [1000, 0, 0] as const };
    const cheap = { ...sealWasmCosts[8192], rescale: [0, 0, 0] as const };
    const early = (table: typeof dear | typeof cheap) =>
      costs(linearMap(4), { earlyRescale: true, costModel: costModel({ 8192: table }) }).rescales;
    expect(early(dear)).toBe(1);
    expect(early(cheap)).toBe(4);
  });

  test('a product of size 3 is relinearized before it is rotated, and rescaled after', () => {
    const w = new SlotsWriter(8);
    const x = w.param('x/0');
    const product = w.mul(x, x);
    const ops = opsOf(w.module(w.add(product, w.rotate(product, 1))));
    expect(ops).toEqual(['mul', 'relinearize', 'rotate', 'add', 'rescale']);
  });
});

describe('levels', () => {
  test('are as low as the users allow', () => {
    const w = new SlotsWriter(8);
    const x = w.param('x/0');
    const early = w.rotate(w.param('y/0'), 1);
    const late = w.mulPlain(w.mulPlain(w.mulPlain(x, 2), 3), 4);
    const { funcs } = scheduleSlots(w.module(w.add(late, early)), toy);
    const levelOf = (op: string): number[] =>
      funcs[0].body.flatMap((v) => (v.op === op && v.type.kind === 'cipher' ? [v.type.level] : []));
    expect(funcs[0].params.map((p) => (p.type.kind === 'cipher' ? p.type.level : -1))).toEqual([3, 0]);
    expect(levelOf('ckks.rotate')).toEqual([0]);
    expect(levelOf('ckks.rescale')).toEqual([2, 1, 0]);
  });

  test('a degree-7 polynomial takes three, five products and four relinearizations', () => {
    const w = new SlotsWriter(8);
    const x = w.param('x/0');
    const two = w.mul(x, x);
    const four = w.mul(two, two);
    const pair = (a: number, b: number) => w.addPlain(w.mulPlain(x, b), a);
    const low = w.add(pair(1, 2), w.mul(two, pair(3, 4)));
    const high = w.add(pair(5, 6), w.mul(two, pair(7, 8)));
    const module = w.module(w.add(low, w.mul(four, high)));
    expect(slotsDepth(module.funcs[0])).toBe(3);
    expect(costs(module)).toMatchObject({ depth: 3, multiplications: 5, relinearizations: 4, rotations: 0 });
  });

  test('vectors of one port start at one level', () => {
    const w = new SlotsWriter(8);
    const a = w.param('x/0');
    const b = w.param('x/1');
    const { interface: described, ...module } = w.module(w.add(w.mulPlain(w.mulPlain(a, 2), 2), b));
    expect(described?.inputs).toHaveLength(2);
    const { params } = scheduleSlots(module, toy).funcs[0];
    expect(params.map((p) => (p.type.kind === 'cipher' ? p.type.level : -1))).toEqual([2, 2]);
  });
});
