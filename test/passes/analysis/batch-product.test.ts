import { expect, it } from 'vitest';
import { applyMatrix, applyTransposed, matrixFromTriples } from '../../../ir/matrix.ts';
import { addProduct, addTransposedProduct } from '../../../passes/analysis/batch-product.ts';
import { numbers } from '../lower-nn-to-slots/networks.ts';

/** A matrix of 20 entries a row, some rows empty. */
function strewn(rows: number, columns: number, next: () => number) {
  const count = rows * 20;
  const at = (bound: number): Int32Array =>
    Int32Array.from({ length: count }, () => Math.floor(((next() + 1) / 2) * bound));
  return matrixFromTriples(rows, columns, at(rows), at(columns), Float64Array.from({ length: count }, next));
}

function distance(a: Float64Array, b: Float64Array): number {
  let worst = 0;
  a.forEach((v, i) => (worst = Math.max(worst, Math.abs(v - b[i]))));
  return worst;
}

it.each([
  [20000, 3000, 64],
  // Not a multiple of what the kernel takes at once, then larger than what the memory held before, then too small for it.
  [25000, 1000, 50],
  [30000, 40000, 48],
  [100, 100, 64],
  [20000, 20000, 3],
])('a product of %i x %i with %i images is that of the definition', (rows, columns, batch) => {
  const next = numbers(rows + batch);
  const m = strewn(rows, columns, next);
  const x = Float64Array.from({ length: columns * batch }, next);
  const exact = Float64Array.from({ length: rows * batch }, next);
  const out = exact.slice();
  applyMatrix(m, x, exact, batch);
  addProduct(m, x, out, batch);
  expect(distance(out, exact)).toBeLessThan(1e-5);
  const wanted = Float64Array.from({ length: columns * batch }, next);
  const back = wanted.slice();
  applyTransposed(m, exact, wanted, batch);
  addTransposedProduct(m, exact, back, batch);
  // Columns hold more entries than rows do, of larger numbers.
  expect(distance(back, wanted)).toBeLessThan(1e-3);
});
