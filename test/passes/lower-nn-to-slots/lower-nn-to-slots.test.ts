import { describe, expect, it } from 'vitest';
import { activations } from '../../../ir/nn/activations.ts';
import { formatLoc } from '../../../ir/diagnostics.ts';
import { add, mul } from '../../../ir/nn/elementwise.ts';
import { gatherMatrix, identityMatrix } from '../../../ir/matrix.ts';
import { lowerNnToSlots } from '../../../passes/lower-nn-to-slots/lower-nn-to-slots.ts';
import { chainRotations } from '../../../passes/slots/chain-rotations.ts';
import { shareCommonSubexpressions } from '../../../passes/slots/common-subexpressions.ts';
import { convolution, costOf, dense, lenet, greatestDifference, NetworkBuilder, shapeOfGrid } from './networks.ts';

describe('lower-nn-to-slots', () => {
  it('keeps the meaning of a residual network with strides, a shortcut and groups', () => {
    const net = new NetworkBuilder(3);
    const image = { channels: 3, height: 8, width: 8 };
    const first = convolution(image, { filters: 4, kernel: 3, pad: 1 }, net.random);
    const second = convolution(first.output, { filters: 8, kernel: 3, pad: 1, stride: 2 }, net.random);
    const shortcut = convolution(first.output, { filters: 8, kernel: 1, stride: 2 }, net.random);
    const third = convolution(second.output, { filters: 8, kernel: 3, pad: 1, groups: 4 }, net.random);
    const x = net.polynomial(
      net.linear([net.input(shapeOfGrid(image))], [first.matrix], shapeOfGrid(first.output)),
      3,
      4,
    );
    const y = net.polynomial(net.linear([x, x], [second.matrix, shortcut.matrix], shapeOfGrid(second.output)), 4, 8);
    const z = net.linear([y, y], [third.matrix, identityMatrix(8 * 16)], shapeOfGrid(third.output));
    const out = net.linear([net.polynomial(z, 5)], [dense(5, 128, net.random)], [1, 5]);
    const nn = net.finish(out);
    for (const slots of [128, 512, 4096])
      expect(greatestDifference(nn, lowerNnToSlots(nn, { slots }))).toBeLessThan(1e-9);
  });

  it('multiplies and adds values that share a layout', () => {
    const net = new NetworkBuilder(4);
    const x = net.input([1, 12]);
    const a = net.linear([x], [dense(20, 12, net.random)], [1, 20]);
    const b = net.linear([x], [dense(20, 12, net.random)], [1, 20]);
    const product = net.builder.create(mul, [net.polynomial(a, 2), b]);
    const nn = net.finish(net.builder.create(add, [product, a]));
    expect(greatestDifference(nn, lowerNnToSlots(nn, { slots: 64 }))).toBeLessThan(1e-12);
  });

  it('computes the differences of a max pool by bare rotations', () => {
    const net = new NetworkBuilder(5);
    const image = { channels: 2, height: 8, width: 8 };
    const conv = convolution(image, { filters: 4, kernel: 3, pad: 1 }, net.random);
    const x = net.linear([net.input(shapeOfGrid(image))], [conv.matrix], shapeOfGrid(conv.output), 'conv');
    const pick = (offset: number, sign: number) =>
      gatherMatrix(
        256,
        Array.from({ length: 128 }, (_, i) => 2 * i + offset),
        new Array<number>(128).fill(sign),
      );
    const difference = net.polynomial(net.linear([x, x], [pick(0, 1), pick(1, -1)], [1, 4, 8, 4], 'difference'), 4);
    const larger = net.linear(
      [x, x, difference],
      [pick(0, 1), pick(1, 1), identityMatrix(128)],
      [1, 4, 8, 4],
      'larger',
    );
    const nn = net.finish(larger);
    const lowered = lowerNnToSlots(nn, { slots: 256 });
    expect(greatestDifference(nn, lowered)).toBeLessThan(1e-12);
    // Every product with a constant comes from the convolution or the polynomial, none from the maps of the pool.
    const on = (node: string): number =>
      lowered.funcs[0].body.filter((v) => v.op === 'slots.mul_plain' && formatLoc(v.loc).includes(node)).length;
    expect(on('difference')).toBe(0);
    expect(on('larger')).toBe(0);
    expect(on('conv')).toBeGreaterThan(0);
  });

  it('refuses an activation that has not been approximated', () => {
    const net = new NetworkBuilder(6);
    const nn = net.finish(net.builder.create(activations[0].op, [net.input([1, 4])]));
    expect(() => lowerNnToSlots(nn, { slots: 16 })).toThrow(/FHE0501/);
  });

  it('costs this for LeNet on 8,192 slots', () => {
    const nn = lenet();
    const lowered = chainRotations(shareCommonSubexpressions(lowerNnToSlots(nn, { slots: 8192 })));
    expect(greatestDifference(nn, lowered)).toBeLessThan(1e-12);
    expect(costOf(lowered)).toEqual({ rotations: 64, multiplications: 6, plainMultiplications: 262, steps: 11 });
  });
});
