import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addMatrices,
  applyMatrix,
  applyTransposed,
  matrixFromTriples,
  multiplyMatrices,
  productSize,
  scaleMatrix,
  transposeMatrix,
  type Matrix,
} from '../../ir/matrix.ts';

const triples = (rows: number, columns: number): fc.Arbitrary<Matrix> =>
  fc
    .array(fc.tuple(fc.nat(rows - 1), fc.nat(columns - 1), fc.integer({ min: -3, max: 3 })), { maxLength: 60 })
    .map((t) =>
      matrixFromTriples(
        rows,
        columns,
        t.map((x) => x[0]),
        t.map((x) => x[1]),
        t.map((x) => x[2]),
      ),
    );

function dense(m: Matrix): number[][] {
  const out = Array.from({ length: m.rows }, () => new Array<number>(m.columns).fill(0));
  for (let r = 0; r < m.rows; r++) {
    for (let i = m.start[r]; i < m.start[r + 1]; i++) {
      expect(m.value[i]).not.toBe(0);
      if (i > m.start[r]) expect(m.column[i]).toBeGreaterThan(m.column[i - 1]);
      out[r][m.column[i]] += m.value[i];
    }
  }
  return out;
}

const plain = (rows: number[][]): number[][] => rows.map((row) => row.map((v) => v + 0));

describe('sparse matrices', () => {
  it('multiply, add, scale and transpose as dense ones', () => {
    fc.assert(
      fc.property(triples(6, 7), triples(7, 5), triples(6, 7), (a, b, c) => {
        const [da, db, dc] = [dense(a), dense(b), dense(c)];
        const product = da.map((row) => db[0].map((_, j) => row.reduce((s, v, k) => s + v * db[k][j], 0)));
        expect(plain(dense(multiplyMatrices(a, b)))).toEqual(plain(product));
        expect(productSize(a, b, Infinity)).toBeGreaterThanOrEqual(multiplyMatrices(a, b).value.length);
        expect(plain(dense(addMatrices(a, c)))).toEqual(plain(da.map((row, i) => row.map((v, j) => v + dc[i][j]))));
        expect(plain(dense(transposeMatrix(a)))).toEqual(plain(da[0].map((_, j) => da.map((row) => row[j]))));
        const scaled = scaleMatrix(a, [1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 2, 2, 2]);
        const factors = [1, 1, 0, 1, 2, 2, 2];
        expect(plain(dense(scaled))).toEqual(plain(da.map((row, i) => row.map((v, j) => v * (i + 1) * factors[j]))));
      }),
    );
  });

  it('apply to a batch as to each vector, transposed too', () => {
    fc.assert(
      fc.property(
        triples(6, 7),
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 21, maxLength: 21 }),
        (m, x) => {
          const out = new Float64Array(18);
          applyMatrix(m, Float64Array.from(x), out, 3);
          const d = dense(m);
          for (let r = 0; r < 6; r++)
            for (let b = 0; b < 3; b++) expect(out[r * 3 + b]).toBe(d[r].reduce((s, v, k) => s + v * x[k * 3 + b], 0));
          const back = new Float64Array(21);
          const naive = new Float64Array(21);
          applyTransposed(m, Float64Array.from(x.slice(0, 18)), back, 3);
          applyMatrix(transposeMatrix(m), Float64Array.from(x.slice(0, 18)), naive, 3);
          expect(back).toEqual(naive);
        },
      ),
    );
  });
});
