import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identityMatrix } from '../../../ir/matrix.ts';
import { argmax, softmax } from '../../../ir/nn/client.ts';
import { add, sub } from '../../../ir/nn/elementwise.ts';
import { pad, resize } from '../../../ir/nn/padding.ts';
import { reduceMax, reduceMean, reduceSum } from '../../../ir/nn/reduction.ts';
import { concat, expand, gather, slice, transpose } from '../../../ir/nn/shape.ts';
import { elementCount, tensor, type Tensor } from '../../../ir/tensor.ts';

const counting = (shape: readonly number[]): Tensor =>
  tensor(
    shape,
    Float64Array.from({ length: elementCount(shape) }, (_, i) => i),
  );
const list = (x: Tensor): number[] => [...x.data];

const bound = fc.integer({ min: -12, max: 12 });

describe('nn.slice', () => {
  it('takes what stepping through the indices takes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        bound,
        bound,
        fc.constantFrom(-3, -2, -1, 1, 2, 3),
        (size, start, end, step) => {
          const attrs = { starts: [start], ends: [end], axes: [0], steps: [step] };
          // numpy: bounds count from the end once, then are cut to what the step can reach.
          const normal = (v: number): number => (v < 0 ? v + size : v);
          const expected: number[] = [];
          for (let i = 0; i < size; i++) {
            const index = step > 0 ? i : size - 1 - i;
            const from = step > 0 ? Math.max(normal(start), 0) : Math.min(Math.max(normal(start), 0), size - 1);
            const to = normal(end);
            const reached = step > 0 ? index >= from && index < to : index <= from && index > to;
            if (reached && (index - from) % step === 0) expected.push(index);
          }
          expect(list(slice.eval([counting([size])], attrs))).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('undoes nn.concat', () => {
    const parts = [counting([2, 1, 2]), counting([2, 3, 2])];
    const whole = concat.eval(parts, { axis: 1 });
    const part = (start: number, end: number): Tensor =>
      slice.eval([whole], { starts: [start], ends: [end], axes: [1], steps: [1] });
    expect([part(0, 1), part(1, 4)]).toEqual(parts);
  });
});

describe('nn.transpose', () => {
  it('is undone by the inverse permutation', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (perm) => {
        const x = counting([2, 3, 1, 4]);
        const inverse = perm.map((_, i) => perm.indexOf(i));
        const there = transpose.eval([x], { perm });
        expect(there.shape).toEqual(perm.map((p) => x.shape[p]));
        expect(transpose.eval([there], { perm: inverse })).toEqual(x);
      }),
    );
  });

  it('turns rows into columns', () => {
    expect(list(transpose.eval([counting([2, 3])], { perm: [1, 0] }))).toEqual([0, 3, 1, 4, 2, 5]);
  });
});

describe('nn.pad', () => {
  it.each([
    ['constant', [9, 9, 0, 1, 2, 9]],
    ['edge', [0, 0, 0, 1, 2, 2]],
    ['reflect', [2, 1, 0, 1, 2, 1]],
    ['wrap', [1, 2, 0, 1, 2, 0]],
  ])('%s', (mode, expected) => {
    expect(list(pad.eval([counting([3])], { pads: [2, 1], mode, value: 9 }))).toEqual(expected);
  });

  it('cuts off where it is negative', () => {
    expect(list(pad.eval([counting([2, 3])], { pads: [-1, 0, 0, -2], mode: 'constant', value: 0 }))).toEqual([3]);
  });
});

describe('element-wise ops, reductions and selections', () => {
  it('broadcast by the numpy rules', () => {
    expect(add.eval([counting([2, 1]), counting([3])], {})).toEqual(tensor([2, 3], [0, 1, 2, 1, 2, 3]));
    expect(sub.eval([counting([1]), counting([0, 2])], {}).shape).toEqual([0, 2]);
    expect(expand.eval([counting([2, 1])], { shape: [2, 2, 2] })).toEqual(tensor([2, 2, 2], [0, 0, 1, 1, 0, 0, 1, 1]));
  });

  it('reduce over any axes', () => {
    const x = counting([2, 3, 2]);
    expect(reduceSum.eval([x], { axes: [1], keepdims: false })).toEqual(tensor([2, 2], [6, 9, 24, 27]));
    expect(reduceMean.eval([x], { axes: [0, 2], keepdims: true })).toEqual(tensor([1, 3, 1], [3.5, 5.5, 7.5]));
    expect(reduceMax.eval([x], { axes: [0, 1, 2], keepdims: false })).toEqual(tensor([], [11]));
  });

  it('gather along one dimension', () => {
    expect(gather.eval([counting([2, 3])], { axis: 1, indices: [2, 0, 2] })).toEqual(
      tensor([2, 3], [2, 0, 2, 5, 3, 5]),
    );
  });

  it('resize by one matrix a dimension', () => {
    const x = counting([2, 3]);
    expect(resize.eval([x], { matrices: [identityMatrix(2), identityMatrix(3)] })).toEqual(x);
  });
});

describe('client ops', () => {
  it('softmax sums to 1 along its axis, whatever is added to all', () => {
    const x = tensor([2, 2], [1000, 1001, -5, -5]);
    const [p, q, r, s] = softmax.eval([x], { axis: 1 }).data;
    expect(p + q).toBeCloseTo(1, 12);
    expect(q / p).toBeCloseTo(Math.E, 9);
    expect([r, s]).toEqual([0.5, 0.5]);
  });

  it('argmax gives the first of equals', () => {
    expect(argmax.eval([tensor([2, 3], [1, 5, 5, 2, 0, 1])], { axis: 1, keepdims: false })).toEqual(
      tensor([2], [1, 0]),
    );
  });
});
