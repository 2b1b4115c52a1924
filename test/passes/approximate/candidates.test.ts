import { describe, expect, it } from 'vitest';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import { FhecError } from '../../../ir/diagnostics.ts';
import type { Func, Module } from '../../../ir/module.ts';
import { tensor } from '../../../ir/tensor.ts';
import { activationStages } from '../../../passes/approximate/activation-stages.ts';
import { reportActivation } from '../../../passes/approximate/activation-report.ts';
import { approximateActivations } from '../../../passes/approximate/approximate-activations.ts';
import type { Candidate } from '../../../passes/approximate/candidate.ts';
import { allCandidates, usefulCandidates } from '../../../passes/approximate/candidates.ts';
import { Builder } from '../../../ir/builder.ts';
import { findActivation } from '../../../ir/nn/activations.ts';
import { add } from '../../../ir/nn/elementwise.ts';
import { tensorType } from '../../../ir/types.ts';
import { activationModule, normalNumbers, profileOfInputs } from './profiles.ts';

const main = (module: Module): Func => module.funcs[0];
const narrow = normalNumbers(4000, 0.05, 0.2);
const wide = normalNumbers(4000, -0.5, 2, 9);
const images = 100;
const shape = [1, 2, 8, 5];

/** An image [1, 2, 8, 5] of the inputs that the profile saw. */
const image = (i: number): readonly number[] => [
  ...narrow.slice(40 * i, 40 * i + 40),
  ...wide.slice(40 * i, 40 * i + 40),
];

/** Mean squared difference of two modules over the images that the profile saw. */
function measuredError(exact: Module, replaced: Module): number {
  let sum = 0;
  for (let i = 0; i < images; i++) {
    const x = tensor(shape, image(i));
    const [a] = evaluateFunc(main(exact), [x]);
    const [b] = evaluateFunc(main(replaced), [x]);
    a.data.forEach((v, j) => (sum += (v - b.data[j]) ** 2));
  }
  return sum / (images * 80);
}

const by = (candidates: readonly Candidate[], label: string): Candidate => {
  const found = candidates.find((c) => c.label === label);
  if (!found) throw new Error(`no ${label} in ${candidates.map((c) => c.label).join()}`);
  return found;
};

describe('candidates', () => {
  const profile = profileOfInputs([narrow, wide], images);

  it.each([
    ['nn.relu', {}],
    ['nn.abs', {}],
    ['nn.leaky_relu', { alpha: [0.1, 0.3] }],
  ])('of %s predict the error that the rewritten module has', (op, attrs) => {
    const { module, node } = activationModule(op, shape, attrs);
    const candidates = allCandidates(node, profile, { granularity: 'both', maxDegree: 8, margins: [0.1] });
    for (const label of [
      'degree 3 per channel',
      'degree 8',
      'degree 7 per channel',
      'f1g2 cheon tuned',
      'f2g3 smartpaf tuned per channel',
      'alpha10 cheon tuned per channel',
    ]) {
      const candidate = by(candidates, label);
      const replaced = approximateActivations(module, new Map([[node, candidate]]));
      expect(main(replaced).body.every((v) => v.op === 'nn.polynomial' || v.op === 'nn.mul')).toBe(true);
      const ratio = measuredError(module, replaced) / candidate.meanSquaredError;
      expect(ratio, label).toBeGreaterThan(0.8);
      expect(ratio, label).toBeLessThan(1.25);
    }
  });

  it('of smooth functions are exact to their predicted error too', () => {
    for (const op of ['nn.sigmoid', 'nn.tanh', 'nn.silu', 'nn.exp']) {
      const { module, node } = activationModule(op, shape);
      const small = profileOfInputs([narrow, wide.map((x) => x / 2)], images);
      const useful = usefulCandidates(allCandidates(node, small, { maxDegree: 15 }));
      const best = useful[useful.length - 1];
      expect(best.form).toBe('direct');
      const replaced = approximateActivations(module, new Map([[node, best]]));
      const x = tensor(
        shape,
        image(0).map((v, j) => (j < 40 ? v : v / 2)),
      );
      const [a] = evaluateFunc(main(module), [x]);
      const [b] = evaluateFunc(main(replaced), [x]);
      a.data.forEach((v, j) => expect(Math.abs(v - b.data[j]), op).toBeLessThanOrEqual(1.01 * best.maxError + 1e-9));
      expect(Math.sqrt(best.meanSquaredError), op).toBeLessThan(0.01);
    }
  });

  it('are no worse by channel than by tensor, where channels differ', () => {
    const { node } = activationModule('nn.relu', shape);
    const candidates = allCandidates(node, profile, {
      granularity: 'both',
      maxDegree: 7,
      margins: [0.1],
      composites: [],
    });
    for (const degree of [2, 3, 5, 7]) {
      const channel = by(candidates, `degree ${degree} per channel`);
      const whole = by(candidates, `degree ${degree}`);
      expect(channel.meanSquaredError).toBeLessThan(whole.meanSquaredError);
      expect(channel.levels).toBe(Math.ceil(Math.log2(degree + 1)));
    }
  });

  it('that are useful rise in cost and fall in error', () => {
    const { node } = activationModule('nn.relu', shape);
    const all = allCandidates(node, profile, { granularity: 'both', maxDegree: 15 });
    const useful = usefulCandidates(all);
    expect(useful.length).toBeLessThan(all.length / 2);
    for (const c of all) {
      expect(
        useful.some((u) => u.levels <= c.levels && u.multiplications <= c.multiplications && u.error <= c.error),
      ).toBe(true);
    }
    expect(new Set(useful).size).toBe(useful.length);
  });

  it('take a wider margin where tails are heavy', () => {
    const { node } = activationModule('nn.relu', [1, 1, 40]);
    const heavy = normalNumbers(4000, 0, 0.3).map((x, i) => (i % 40 === 0 ? 6 * x : x));
    const bounded = Array.from({ length: 4000 }, (_, i) => Math.sin(i) * 0.9);
    const marginOf = (inputs: readonly number[]): Candidate =>
      by(
        allCandidates(node, profileOfInputs([inputs], images), { maxDegree: 7, composites: [] }),
        'degree 7 per channel',
      );
    const a = marginOf(heavy);
    const b = marginOf(bounded);
    expect(a.margin).toBeGreaterThan(b.margin);
    expect(a.outOfRange).toBeLessThan(1 / 4000);
  });

  it('keep a dead channel inside a tenth of its layer', () => {
    const { node } = activationModule('nn.relu', [1, 3, 40]);
    const dead = Array.from({ length: 4000 }, (_, i) => -0.001 - 1e-7 * (i % 7));
    const candidates = allCandidates(node, profileOfInputs([wide, dead, wide], images), { maxDegree: 7 });
    const c = by(candidates, 'degree 7 per channel');
    const half = (i: readonly [number, number]): number => (i[1] - i[0]) / 2;
    expect(half(c.intervals[1])).toBeGreaterThan(0.08 * half(c.intervals[0]));
    expect(c.maxError).toBeLessThan(half(c.intervals[0]));
  });

  it('report plain data', () => {
    const { node } = activationModule('nn.relu', shape);
    const candidates = allCandidates(node, profile, { maxDegree: 3, composites: ['alpha7'] });
    for (const candidate of candidates) {
      const report = reportActivation(node, profile, candidate);
      expect(JSON.parse(JSON.stringify(report))).toEqual(report);
      expect(report.node).toBe('act_1');
      expect(report.histogram.shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
    }
    const report = reportActivation(node, profile, by(candidates, 'alpha7 cheon tuned per channel'));
    expect(report).toMatchObject({ degree: 14, levels: 7, form: 'alpha7 cheon', channels: 2 });
  });
});

describe('activations that cannot be approximated', () => {
  it.each([
    ['nn.sqrt', {}, [-0.1, 1]],
    ['nn.reciprocal', {}, [-1, 2]],
    ['nn.reciprocal', {}, [1e-9, 2]],
    ['nn.exp', {}, [-10, 10]],
    ['nn.power', { exponent: 1.5 }, [-1, 1]],
    ['nn.power', { exponent: -2 }, [-1, 1]],
    ['nn.relu', {}, [0, Infinity]],
  ])('%s %o on %o is refused with FHE0402, by name and range', (op, attrs, [low, high]) => {
    const { node } = activationModule(op, [1, 4], attrs);
    const [channel] = profileOfInputs([[low, high]], 1).perChannel;
    const profile = { ...profileOfInputs([[0, 1]], 1), perChannel: [channel] };
    const run = (): unknown => allCandidates(node, profile, { maxDegree: 3 });
    expect(run).toThrow(FhecError);
    expect(run).toThrow(/FHE0402.*inputs in \[[^]*act_1/);
  });

  it.each([
    ['nn.sqrt', {}, [0, 1]],
    ['nn.reciprocal', {}, [0.5, 2]],
    ['nn.reciprocal', {}, [-2, -0.5]],
    ['nn.power', { exponent: 3 }, [-1, 1]],
    ['nn.power', { exponent: -1.5 }, [0.4, 1]],
  ])('%s %o on %o stays inside its domain', (op, attrs, [low, high]) => {
    const { node } = activationModule(op, [1, 1, 40], attrs);
    const inputs = Array.from({ length: 4000 }, (_, i) => low + ((high - low) * (i % 100)) / 99);
    const candidates = allCandidates(node, profileOfInputs([inputs], 100), { maxDegree: 15, margins: [0.4] });
    for (const c of candidates) expect(Number.isFinite(c.maxError) && Number.isFinite(c.error)).toBe(true);
    expect(Math.min(...candidates.map((c) => c.maxError))).toBeLessThan(0.06);
  });
});

describe('activation stages', () => {
  it('put side-by-side activations together and count along the longest path', () => {
    const builder = new Builder();
    const relu = findActivation('nn.relu');
    if (!relu) throw new Error('no relu');
    const x = builder.param('x', tensorType([1, 4]));
    const a = builder.create(relu.op, [x]);
    const left = builder.create(relu.op, [a]);
    const right = builder.create(relu.op, [a]);
    const sum = builder.create(add, [builder.create(add, [left, right]), x]);
    const last = builder.create(relu.op, [sum]);
    const stages = activationStages(builder.finish('main', [{ name: 'y', value: last }]));
    expect([a, left, right, last].map((v) => stages.get(v))).toEqual([0, 1, 1, 2]);
  });
});
