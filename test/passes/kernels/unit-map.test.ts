import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addMatrices, gatherMatrix, type Matrix } from '../../../ir/matrix.ts';
import { packVectors } from '../../../ir/packing.ts';
import { tensor } from '../../../ir/tensor.ts';
import { sealCosts } from '../../../passes/kernels/count-arithmetic.ts';
import { evaluateArithmetic } from '../../../passes/kernels/evaluate-arithmetic.ts';
import { applyLinearPlan, planLinearMap } from '../../../passes/kernels/linear-map.ts';
import {
  arrangementLayout,
  freeBit,
  rowMajorArrangement,
  type Arrangement,
} from '../../../passes/lower-nn-to-slots/arrangement.ts';
import { isUnitMap } from '../../../passes/nn/linear-op.ts';
import { numbers } from '../lower-nn-to-slots/networks.ts';

const height = 4;

/** Rows of 2 ** `bits` elements: for each of the places 0, stride, 2 stride, ... of each row the elements `offsets` further, weighed by `signs`. */
function strided(bits: number, stride: number, offsets: readonly number[], signs: readonly number[]): Matrix {
  const width = 2 ** bits;
  const kept = width / stride;
  const one = (offset: number, sign: number): Matrix =>
    gatherMatrix(
      height * width,
      Array.from({ length: height * kept }, (_, i) => Math.floor(i / kept) * width + (i % kept) * stride + offset),
      new Array<number>(height * kept).fill(sign),
    );
  return offsets.map((o, t) => one(o, signs[t])).reduce(addMatrices);
}

/** The same places without the lowest bits of dimension 1, which a stride skips. */
const thinned = (arrangement: Arrangement, skipped: number): Arrangement =>
  arrangement.map((atom) => {
    if (atom.dimension !== 1) return atom;
    return atom.part < skipped ? freeBit : { ...atom, part: atom.part - skipped };
  });

describe('a unit map', () => {
  it('takes no product on aligned layouts, whatever their order, copies and vectors', () => {
    const property = fc.property(
      fc.constantFrom(2, 3, 4),
      fc.constantFrom(0, 1, 2),
      fc.constantFrom(8, 16, 64, 256),
      fc.boolean(),
      fc.nat(1000),
      fc.array(fc.constantFrom(1, -1), { minLength: 4, maxLength: 4 }),
      (bits, skipped, slots, copied, seed, signs) => {
        const stride = 2 ** skipped;
        const matrix = strided(
          bits,
          stride,
          Array.from({ length: stride }, (_, o) => o),
          signs,
        );
        expect(isUnitMap(matrix)).toBe(true);
        const random = numbers(seed);
        const keyed = rowMajorArrangement([height, 2 ** bits], slots).map((atom) => ({ atom, key: random() }));
        const order = keyed.sort((a, b) => a.key - b.key).map((k) => k.atom);
        const input = arrangementLayout(order, matrix.columns, copied);
        const output = arrangementLayout(thinned(order, skipped), matrix.rows);
        const plan = planLinearMap([{ matrix, layout: input }], output, slots, sealCosts);
        expect(plan.terms).toEqual([]);
        const x = Float64Array.from({ length: matrix.columns }, random);
        const inputs = packVectors(input, slots, (e) => x[e]).map((v) => tensor([slots], v));
        const got = applyLinearPlan(evaluateArithmetic(slots), plan, [inputs]);
        const wanted = (r: number): number => {
          let total = 0;
          for (let e = matrix.start[r]; e < matrix.start[r + 1]; e++) total += matrix.value[e] * x[matrix.column[e]];
          return total;
        };
        // 1 where an element or a copy of it stands.
        const held = packVectors(plan.output, slots, () => 1);
        packVectors(plan.output, slots, wanted).forEach((vector, v) =>
          vector.forEach((value, s) => {
            if (held[v][s] === 1) expect(got[v]?.data[s]).toBeCloseTo(value, 12);
          }),
        );
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  it('takes products where no layout of powers of two can align it', () => {
    const thirds = gatherMatrix(9, [0, 3, 6]);
    expect(isUnitMap(thirds)).toBe(true);
    const layout = arrangementLayout(rowMajorArrangement([9], 16), 9);
    const output = arrangementLayout(rowMajorArrangement([3], 16), 3);
    expect(planLinearMap([{ matrix: thirds, layout }], output, 16, sealCosts).terms.length).toBeGreaterThan(0);
  });
});
