import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyOffsets, layoutSlots, type Layout } from '../../../ir/layout.ts';
import { applyMatrix, identityMatrix, matrixFromTriples, type Matrix } from '../../../ir/matrix.ts';
import { tensor } from '../../../ir/tensor.ts';
import { countArithmetic, sealCosts } from '../../../passes/kernels/count-arithmetic.ts';
import { evaluateArithmetic } from '../../../passes/kernels/evaluate-arithmetic.ts';
import { applyLinearPlan, planLinearMap, type LinearOperand } from '../../../passes/kernels/linear-map.ts';
import { copyBits, periodOfBits } from '../../../passes/kernels/slot-bits.ts';
import { arrangementLayout, rowMajorArrangement } from '../../../passes/lower-nn-to-slots/arrangement.ts';
import { dense, numbers, packTensor } from '../lower-nn-to-slots/networks.ts';

/** Runs the kernel on random inputs; slots without an element hold 9. The largest error over all copies of the output. */
function error(operands: readonly LinearOperand[], output: Layout, slots: number, costs = sealCosts): number {
  const random = numbers(5);
  const plan = planLinearMap(operands, output, slots, costs);
  const values = operands.map((o) => Float64Array.from({ length: o.matrix.columns }, random));
  const inputs = operands.map(({ layout, matrix }, i) =>
    packTensor(tensor([matrix.columns], values[i]), layout, slots, 9),
  );
  const exact = new Float64Array(output.size);
  operands.forEach((o, i) => applyMatrix(o.matrix, values[i], exact));
  const got = applyLinearPlan(evaluateArithmetic(slots), plan, inputs);
  let worst = 0;
  layoutSlots(plan.output).forEach((slot, e) => {
    for (const o of copyOffsets(plan.output)) {
      const vector = got[Math.floor((slot + o) / slots)];
      worst = Math.max(worst, Math.abs((vector ? vector.data[(slot + o) % slots] : 0) - exact[e]));
    }
  });
  return worst;
}

/** An order of a tensor's atoms and free bits, as the search may choose it, with or without copies in the free bits. */
const layoutOf = (shape: readonly number[], slots: number, seed: number, copied: boolean): Layout => {
  const random = numbers(seed);
  const keyed = rowMajorArrangement(shape, slots).map((atom) => ({ atom, key: random() }));
  const order = keyed.sort((a, b) => a.key - b.key).map((k) => k.atom);
  return arrangementLayout(
    order,
    shape.reduce((n, d) => n * d, 1),
    copied,
  );
};

const sparse = (rows: number, columns: number, seed: number, density: number): Matrix => {
  const random = numbers(seed);
  const row: number[] = [];
  const column: number[] = [];
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++)
      if (random() < 2 * density - 1) {
        row.push(r);
        column.push(c);
      }
  return matrixFromTriples(
    rows,
    columns,
    row,
    column,
    row.map(() => random() + 1.5),
  );
};

describe('linear map', () => {
  it('multiplies any matrix between any two layouts, with copies, folds and several vectors', () => {
    const property = fc.property(
      fc.record({
        slots: fc.constantFrom(16, 32, 128),
        input: fc.array(fc.constantFrom(2, 3, 4, 6), { minLength: 1, maxLength: 3 }),
        output: fc.array(fc.constantFrom(1, 2, 3, 5, 8), { minLength: 1, maxLength: 3 }),
        seed: fc.nat(1000),
        copied: fc.boolean(),
        density: fc.constantFrom(0.1, 0.5, 1),
        operands: fc.constantFrom(1, 2),
        // Products so dear that all diagonals that can be are paired on complex slots.
        costs: fc.constantFrom(sealCosts, { ...sealCosts, conjugation: 0.04, plainMultiplication: 1 }),
      }),
      ({ slots, input, output, seed, copied, density, operands, costs }) => {
        const size = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);
        const list = Array.from({ length: operands }, (_, i) => ({
          matrix: sparse(size(output), size(input), seed + 11 * i, density),
          layout: layoutOf(input, slots, seed + i, copied),
        })).map((o) => ({ ...o, period: periodOfBits(copyBits(o.layout, slots), slots) }));
        expect(error(list, layoutOf(output, slots, seed + 5, false), slots, costs)).toBeLessThan(1e-9);
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  it('sums equal columns first by bare rotations', () => {
    const slots = 64;
    const layout = layoutOf([4, 8], slots, 3, false);
    const half = dense(6, 16, numbers(1));
    const row = Array.from({ length: 6 * 32 }, (_, i) => Math.floor(i / 32));
    const column = row.map((_, i) => i % 32);
    // Columns 2k and 2k + 1 are equal.
    const matrix = matrixFromTriples(
      6,
      32,
      row,
      column,
      row.map((r, i) => half.value[r * 16 + Math.floor(column[i] / 2)]),
    );
    const output = arrangementLayout(rowMajorArrangement([6], slots), 6);
    expect(error([{ matrix, layout }], output, slots)).toBeLessThan(1e-12);
  });

  it('adds a value of the same layout without a product', () => {
    const layout = layoutOf([2, 8], 16, 1, false);
    const plan = planLinearMap([{ matrix: identityMatrix(16), layout }], layout, 16, sealCosts);
    const on = countArithmetic(16);
    expect(applyLinearPlan(on, plan, [[0]])).toEqual([0]);
    expect(on.cost()).toEqual({
      rotations: 0,
      conjugations: 0,
      multiplications: 0,
      plainMultiplications: 0,
      steps: [],
    });
  });

  it('takes one level, and 2 sqrt(128) + 6 rotations at most for a dense layer of 400 to 120 on 8,192 slots', () => {
    const layout = arrangementLayout(rowMajorArrangement([400], 8192), 400);
    const output = arrangementLayout(rowMajorArrangement([120], 8192), 120);
    const plan = planLinearMap([{ matrix: dense(120, 400, numbers(2)), layout }], output, 8192, sealCosts);
    const on = countArithmetic(8192);
    expect(applyLinearPlan(on, plan, [[0]])).toEqual([1]);
    expect(on.cost().rotations).toBeLessThanOrEqual(28);
    expect(plan.output.copies).toEqual([{ extent: 64, stride: 128 }]);
  });

  it('halves the products on complex slots, for one conjugation and one rotation more', () => {
    const slots = 64;
    const layout = arrangementLayout(rowMajorArrangement([64], slots), 64);
    const operands = [{ matrix: dense(64, 64, numbers(3)), layout }];
    const costs = { ...sealCosts, conjugation: sealCosts.rotation };
    const on = countArithmetic(slots);
    applyLinearPlan(on, planLinearMap(operands, layout, slots, costs), [[0]]);
    const { rotations, conjugations, plainMultiplications } = on.cost();
    expect({ rotations, conjugations, plainMultiplications }).toEqual({
      rotations: 11,
      conjugations: 1,
      plainMultiplications: 32,
    });
    expect(error(operands, layout, slots, costs)).toBeLessThan(1e-12);
  });

  it('makes one product of 2 J diagonals on vectors of J copies', () => {
    const slots = 256;
    const layout = arrangementLayout(rowMajorArrangement([64], slots), 64, true);
    const operands = [{ matrix: dense(64, 64, numbers(3)), layout, period: 64 }];
    const costs = { ...sealCosts, conjugation: sealCosts.rotation, plainMultiplication: 0.1 };
    const on = countArithmetic(slots);
    const plan = planLinearMap(operands, layout, slots, costs);
    applyLinearPlan(on, plan, [[0]]);
    // Three turns, two sums over copies, and two babies with four giants.
    const { rotations, conjugations, plainMultiplications } = on.cost();
    expect(plan.copies).toBe(4);
    expect({ rotations, conjugations, plainMultiplications }).toEqual({
      rotations: 9,
      conjugations: 1,
      plainMultiplications: 8,
    });
    expect(error(operands, layout, slots, costs)).toBeLessThan(1e-12);
  });

  it('sums over copies only where slots without an element repeat too', () => {
    const slots = 256;
    const layout = arrangementLayout(rowMajorArrangement([48], slots), 48, true);
    const operand = { matrix: dense(48, 48, numbers(3)), layout };
    const costs = { ...sealCosts, conjugation: sealCosts.rotation, plainMultiplication: 0.1 };
    expect(planLinearMap([operand], layout, slots, costs).copies).toBe(1);
    expect(planLinearMap([{ ...operand, period: 64 }], layout, slots, costs).copies).toBe(4);
    expect(error([{ ...operand, period: 64 }], layout, slots, costs)).toBeLessThan(1e-12);
  });
});
