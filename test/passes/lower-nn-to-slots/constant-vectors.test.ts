import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTensorAttr } from '../../../ir/define.ts';
import { mul } from '../../../ir/nn/elementwise.ts';
import { linear } from '../../../ir/nn/linear.ts';
import { mapEntries, type Matrix } from '../../../ir/matrix.ts';
import type { Module } from '../../../ir/module.ts';
import { polynomial } from '../../../ir/nn/polynomial.ts';
import { tensor } from '../../../ir/tensor.ts';
import { lowerNnToSlots } from '../../../passes/lower-nn-to-slots/lower-nn-to-slots.ts';
import { scheduleSlots } from '../../../passes/schedule/schedule.ts';
import { dense, greatestDifference, NetworkBuilder } from './networks.ts';

/** The products with a vector that is zero in every slot. */
const zeroProducts = (module: Module): number =>
  module.funcs[0].body.filter(({ op, attrs }) => {
    const { vector } = attrs;
    return (
      op === 'slots.mul_plain' && vector !== undefined && isTensorAttr(vector) && vector.data.every((v) => v === 0)
    );
  }).length;

/** A network of two layers on several vectors. `deadRows` of the layers are zero, `constantChannels` have polynomials of degree 0. */
function network(seed: number, deadRows: readonly number[], constantChannels: readonly number[]): Module {
  const net = new NetworkBuilder(seed);
  const prune = (m: Matrix): Matrix => mapEntries(m, (v, r) => (deadRows.includes(r) ? 0 : v));
  const x = net.input([1, 24]);
  const hidden = net.linear([x], [prune(dense(24, 24, net.random))], [1, 24]);
  const table = Array.from({ length: 24 }, (_, c) => {
    const constant = constantChannels.includes(c);
    return Array.from({ length: 4 }, (_r, j) => (constant && j > 0 ? 0 : net.random() / 4));
  });
  const coefficients = tensor([24, 4], table.flat());
  const y = net.builder.create(polynomial, [hidden], { coefficients, scale: [1] });
  const gate = net.linear([x], [prune(dense(24, 24, net.random))], [1, 24]);
  const z = net.builder.create(mul, [y, gate]);
  return net.finish(net.linear([z, y], [prune(dense(24, 24, net.random)), prune(dense(24, 24, net.random))], [1, 24]));
}

describe('vectors that do not depend on the input', () => {
  it('are computed beforehand, and no product with zero is left', () => {
    const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
    const property = fc.property(
      fc.nat(1000),
      fc.oneof(fc.constant([]), fc.constant(range(8)), fc.constant(range(24)), fc.subarray(range(24))),
      fc.oneof(fc.constant([]), fc.constant(range(16)), fc.constant(range(24)), fc.subarray(range(24))),
      fc.constantFrom(8, 32),
      (seed, deadRows, constantChannels, slots) => {
        const nn = network(seed, deadRows, constantChannels);
        const lowered = lowerNnToSlots(nn, { slots });
        expect(greatestDifference(nn, lowered)).toBeLessThan(1e-9);
        expect(zeroProducts(lowered)).toBe(0);
      },
    );
    fc.assert(property, { numRuns: 60 });
  });

  it('become ciphertexts where they are results', () => {
    const net = new NetworkBuilder(2);
    const nn = net.finish(
      net.builder.create(linear, [], { matrices: [], bias: tensor([1, 3], [1, -2, 0]), shape: [1, 3] }),
    );
    expect(() => lowerNnToSlots(nn, { slots: 8 })).toThrow(/FHE0501/);
    net.input([1, 4]);
    const constant = net.finish(nn.funcs[0].results[0].value);
    const lowered = lowerNnToSlots(constant, { slots: 8 });
    expect(greatestDifference(constant, lowered)).toBe(0);
    expect(zeroProducts(lowered)).toBe(0);
    expect(scheduleSlots(lowered, { insecureForTests: true }).parameters?.primes.length).toBe(3);
  });

  it('are those too whose weights vanish at every scale', () => {
    const net = new NetworkBuilder(3);
    const tiny = mapEntries(dense(4, 4, net.random), (v) => v * 2 ** -60);
    const nn = net.finish(net.linear([net.input([1, 4])], [tiny], [1, 4]));
    const lowered = lowerNnToSlots(nn, { slots: 8 });
    expect(greatestDifference(nn, lowered)).toBeLessThan(2 ** -55);
    expect(lowered.funcs[0].body.filter((v) => v.op === 'slots.rotate')).toEqual([]);
  });
});
