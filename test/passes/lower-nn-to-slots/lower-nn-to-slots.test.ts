import { describe, expect, it } from 'vitest';
import { add, mul } from '../../../ir/nn/elementwise.ts';
import { identityMatrix } from '../../../ir/matrix.ts';
import { lowerNnToSlots } from '../../../passes/lower-nn-to-slots/lower-nn-to-slots.ts';
import { convolution, dense, greatestDifference, NetworkBuilder, shapeOfGrid } from './networks.ts';

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
});
