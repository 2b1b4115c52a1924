import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Builder, inferType } from '../../../ir/builder.ts';
import type { Attrs, OpDefinition } from '../../../ir/define.ts';
import { conv, convTranspose } from '../../../ir/nn/convolution.ts';
import { matmul } from '../../../ir/nn/matmul.ts';
import { averagePool, maxPool } from '../../../ir/nn/pooling.ts';
import { elementCount, tensor, type Tensor } from '../../../ir/tensor.ts';
import { tensorType } from '../../../ir/types.ts';

/** Whole numbers from a short formula: exact in doubles, so that sums compare equal in any order. */
const sample = (shape: readonly number[], seed: number): Tensor =>
  tensor(
    shape,
    Float64Array.from({ length: elementCount(shape) }, (_, i) => ((i * 7919 + seed * 104729) % 17) - 8),
  );

const inferred = (
  op: OpDefinition,
  shapes: readonly (readonly number[])[],
  attrs: Attrs,
): readonly number[] | string => {
  const builder = new Builder();
  const values = shapes.map((s, i) => builder.param(`p${i}`, tensorType(s)));
  const type = inferType(op, values, attrs, { parameters: undefined });
  if (typeof type === 'string') return type;
  return type.kind === 'tensor' ? type.shape : 'no tensor';
};

const at = (x: Tensor, ...index: readonly number[]): number => {
  let flat = 0;
  for (let d = 0; d < index.length; d++) {
    if (index[d] < 0 || index[d] >= x.shape[d]) return 0;
    flat = flat * x.shape[d] + index[d];
  }
  return x.data[flat];
};

const small = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const pairOf = (min: number, max: number): fc.Arbitrary<[number, number]> => fc.tuple(small(min, max), small(min, max));

const setting = fc.record({
  group: small(1, 2),
  inputs: small(1, 2),
  outputs: small(1, 2),
  size: pairOf(3, 7),
  kernel: pairOf(1, 3),
  strides: pairOf(1, 3),
  dilations: pairOf(1, 2),
  begins: pairOf(0, 2),
  ends: pairOf(0, 2),
});

describe('nn.conv', () => {
  it('is the sum of its definition, output by output', () => {
    fc.assert(
      fc.property(setting, ({ group, inputs, outputs, size, kernel, strides, dilations, begins, ends }) => {
        const x = sample([2, group * inputs, ...size], 1);
        const w = sample([group * outputs, inputs, ...kernel], 2);
        const b = sample([group * outputs], 3);
        const attrs = { strides, dilations, pads: [...begins, ...ends], group };
        const shape = inferred(conv, [x.shape, w.shape, b.shape], attrs);
        if (typeof shape === 'string') {
          expect(shape).toContain('larger');
          return;
        }
        const y = conv.eval([x, w, b], attrs);
        expect(y.shape).toEqual(shape);
        for (let i = 0; i < y.data.length; i++) {
          const [ow, oh] = [i % shape[3], Math.floor(i / shape[3]) % shape[2]];
          const m = Math.floor(i / (shape[3] * shape[2])) % shape[1];
          const n = Math.floor(i / (shape[3] * shape[2] * shape[1]));
          let sum = b.data[m];
          for (let c = 0; c < inputs; c++) {
            for (let p = 0; p < kernel[0]; p++) {
              for (let q = 0; q < kernel[1]; q++) {
                const row = oh * strides[0] + p * dilations[0] - begins[0];
                const column = ow * strides[1] + q * dilations[1] - begins[1];
                sum += at(w, m, c, p, q) * at(x, n, Math.floor(m / outputs) * inputs + c, row, column);
              }
            }
          }
          expect(y.data[i]).toBe(sum);
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['a wrong rank', [1, 1, 4], [1, 1, 3, 3], {}],
    ['channels that do not fit', [1, 3, 4, 4], [1, 2, 3, 3], {}],
    ['groups that do not divide', [1, 3, 4, 4], [2, 1, 3, 3], { group: 2 }],
    ['a stride of 0', [1, 1, 4, 4], [1, 1, 3, 3], { strides: [0, 1] }],
    ['a negative pad', [1, 1, 4, 4], [1, 1, 3, 3], { pads: [0, 0, -1, 0] }],
    ['a kernel larger than the input', [1, 1, 2, 2], [1, 1, 3, 3], {}],
  ])('refuses %s', (_, x, w, change) => {
    const attrs = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], group: 1, ...change };
    expect(typeof inferred(conv, [x, w], attrs)).toBe('string');
  });
});

const dot = (a: Tensor, b: Tensor): number => a.data.reduce((sum, v, i) => sum + v * b.data[i], 0);

describe('nn.conv_transpose', () => {
  it('is the adjoint of nn.conv: <conv(x), y> = <x, conv_transpose(y)>', () => {
    fc.assert(
      fc.property(setting, ({ group, inputs, outputs, size, kernel, strides, dilations, begins, ends }) => {
        const x = sample([1, group * inputs, ...size], 4);
        const w = sample([group * outputs, inputs, ...kernel], 5);
        const attrs = { strides, dilations, pads: [...begins, ...ends], group };
        const shape = inferred(conv, [x.shape, w.shape], attrs);
        if (typeof shape === 'string') return;
        const y = sample(shape, 6);
        const natural = size.map(
          (_, d) => strides[d] * (shape[d + 2] - 1) + (kernel[d] - 1) * dilations[d] + 1 - begins[d] - ends[d],
        );
        const output_padding = size.map((s, d) => s - natural[d]);
        const back = convTranspose.eval([y, w], { ...attrs, output_padding });
        expect(back.shape).toEqual(x.shape);
        expect(dot(conv.eval([x, w], attrs), y)).toBe(dot(x, back));
      }),
      { numRuns: 200 },
    );
  });
});

describe('pools', () => {
  const pool = fc.record({ size: small(2, 9), kernel: small(1, 4), stride: small(1, 4), ceil: fc.boolean() });

  it('agree with their definition in one dimension', () => {
    fc.assert(
      fc.property(pool, fc.nat(1), ({ size, kernel, stride, ceil }, pad) => {
        if (pad >= kernel) return;
        const x = sample([1, 2, size], 7);
        const attrs = { kernel: [kernel], strides: [stride], pads: [pad, pad], dilations: [1], ceil };
        const shape = inferred(maxPool, [x.shape], attrs);
        if (typeof shape === 'string') return;
        const largest = maxPool.eval([x], attrs);
        const inside = averagePool.eval([x], { ...attrs, count_include_pad: false });
        const padded = averagePool.eval([x], { ...attrs, count_include_pad: true });
        for (let o = 0; o < shape[2]; o++) {
          const first = o * stride - pad;
          const window = Array.from({ length: kernel }, (_, k) => first + k);
          const read = window.filter((i) => i >= 0 && i < size).map((i) => x.data[i]);
          const counted = window.filter((i) => i < size + pad).length;
          const sum = read.reduce((a, b) => a + b, 0);
          expect(largest.data[o]).toBe(Math.max(...read));
          expect(inside.data[o]).toBe(sum / read.length);
          expect(padded.data[o]).toBe(sum / counted);
        }
        const last = (shape[2] - 1) * stride;
        expect(last < size + pad).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('nn.matmul', () => {
  it.each([
    [[3], [3], []],
    [[3], [3, 2], [2]],
    [[2, 3], [3], [2]],
    [
      [4, 1, 2, 3],
      [5, 3, 2],
      [4, 5, 2, 2],
    ],
  ])('multiplies %j by %j by the numpy rules', (a, b, expected) => {
    const [x, y] = [sample(a, 8), sample(b, 9)];
    expect(inferred(matmul, [a, b], {})).toEqual(expected);
    const product = matmul.eval([x, y], {});
    expect(product.shape).toEqual(expected);
    const [inner, columns] = [3, b.length === 1 ? 1 : 2];
    const first = Array.from({ length: inner }, (_, k) => x.data[k] * y.data[k * columns]);
    expect(product.data[0]).toBe(first[0] + first[1] + first[2]);
  });

  it('refuses what does not fit', () => {
    expect(
      typeof inferred(
        matmul,
        [
          [2, 3],
          [2, 3],
        ],
        {},
      ),
    ).toBe('string');
    expect(typeof inferred(matmul, [[], [3]], {})).toBe('string');
  });
});
