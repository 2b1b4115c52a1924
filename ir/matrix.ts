/**
 * A sparse matrix in compressed row form (CSR): row `r` has the entries `start[r] .. start[r + 1]` of `column` and `value`.
 * Columns of a row are strictly increasing; no stored value is zero. Acts on flattened (row-major) tensors: every linear ONNX
 * operator is one, and folding a pooling or a scale into a neighbour is a matrix product.
 */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly start: Int32Array;
  readonly column: Int32Array;
  readonly value: Float64Array;
}

/** Builds a matrix from triples in any order; triples at the same place are added, zero sums dropped. */
export function matrixFromTriples(
  rows: number,
  columns: number,
  row: ArrayLike<number>,
  column: ArrayLike<number>,
  value: ArrayLike<number>,
): Matrix {
  const count = row.length;
  const start = new Int32Array(rows + 1);
  for (let i = 0; i < count; i++) start[row[i] + 1]++;
  for (let r = 0; r < rows; r++) start[r + 1] += start[r];
  const next = start.slice(0, rows);
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[next[row[i]]++] = i;
  const outStart = new Int32Array(rows + 1);
  const outColumn = new Int32Array(count);
  const outValue = new Float64Array(count);
  let n = 0;
  for (let r = 0; r < rows; r++) {
    const slice = order.subarray(start[r], start[r + 1]).sort((a, b) => column[a] - column[b]);
    for (let i = 0; i < slice.length;) {
      const c = column[slice[i]];
      let sum = 0;
      for (; i < slice.length && column[slice[i]] === c; i++) sum += value[slice[i]];
      if (sum !== 0) {
        outColumn[n] = c;
        outValue[n++] = sum;
      }
    }
    outStart[r + 1] = n;
  }
  return { rows, columns, start: outStart, column: outColumn.slice(0, n), value: outValue.slice(0, n) };
}

export function identityMatrix(size: number): Matrix {
  return diagonalMatrix(new Float64Array(size).fill(1));
}

/** The square matrix with `diagonal` on its main diagonal (zeros are not stored). */
export function diagonalMatrix(diagonal: Float64Array): Matrix {
  const index = Int32Array.from(diagonal.keys());
  return matrixFromTriples(diagonal.length, diagonal.length, index, index, diagonal);
}

/** The matrix that picks: row r has `value[r]` (1 when absent) at column `source[r]`; a source below 0 leaves the row empty. */
export function gatherMatrix(columns: number, source: ArrayLike<number>, value?: ArrayLike<number>): Matrix {
  const row: number[] = [];
  const column: number[] = [];
  const values: number[] = [];
  for (let r = 0; r < source.length; r++) {
    if (source[r] < 0) continue;
    row.push(r);
    column.push(source[r]);
    values.push(value ? value[r] : 1);
  }
  return matrixFromTriples(source.length, columns, row, column, values);
}

/** `left * right` (Gustavson's row-by-row algorithm). */
export function multiplyMatrices(left: Matrix, right: Matrix): Matrix {
  const sums = new Float64Array(right.columns);
  const seen = new Int32Array(right.columns).fill(-1);
  const start = new Int32Array(left.rows + 1);
  const columnParts: Int32Array[] = [];
  const valueParts: Float64Array[] = [];
  let total = 0;
  for (let r = 0; r < left.rows; r++) {
    const touched: number[] = [];
    for (let i = left.start[r]; i < left.start[r + 1]; i++) {
      const k = left.column[i];
      const weight = left.value[i];
      for (let j = right.start[k]; j < right.start[k + 1]; j++) {
        const c = right.column[j];
        if (seen[c] !== r) {
          seen[c] = r;
          sums[c] = 0;
          touched.push(c);
        }
        sums[c] += weight * right.value[j];
      }
    }
    const kept = Int32Array.from(touched.filter((c) => sums[c] !== 0)).sort();
    columnParts.push(kept);
    valueParts.push(Float64Array.from(kept, (c) => sums[c]));
    total += kept.length;
    start[r + 1] = total;
  }
  const column = new Int32Array(total);
  const value = new Float64Array(total);
  columnParts.forEach((part, r) => column.set(part, start[r]));
  valueParts.forEach((part, r) => value.set(part, start[r]));
  return { rows: left.rows, columns: right.columns, start, column, value };
}

export function addMatrices(a: Matrix, b: Matrix): Matrix {
  const join = (x: Int32Array, y: Int32Array): Int32Array => {
    const out = new Int32Array(x.length + y.length);
    out.set(x);
    out.set(y, x.length);
    return out;
  };
  const values = new Float64Array(a.value.length + b.value.length);
  values.set(a.value);
  values.set(b.value, a.value.length);
  return matrixFromTriples(a.rows, a.columns, join(rowIndices(a), rowIndices(b)), join(a.column, b.column), values);
}

/** The row of each stored entry. */
export function rowIndices(m: Matrix): Int32Array {
  const row = new Int32Array(m.column.length);
  for (let r = 0; r < m.rows; r++) row.fill(r, m.start[r], m.start[r + 1]);
  return row;
}

export function transposeMatrix(m: Matrix): Matrix {
  return matrixFromTriples(m.columns, m.rows, m.column, rowIndices(m), m.value);
}

/** `diag(rowScale) * m * diag(columnScale)`; an absent scale is 1. */
export function scaleMatrix(m: Matrix, rowScale?: ArrayLike<number>, columnScale?: ArrayLike<number>): Matrix {
  const row = rowIndices(m);
  const value = m.value.map(
    (v, i) => v * (rowScale ? rowScale[row[i]] : 1) * (columnScale ? columnScale[m.column[i]] : 1),
  );
  return matrixFromTriples(m.rows, m.columns, row, m.column, value);
}

/**
 * `out += m * x` for a batch: `x` is [columns, batch] and `out` [rows, batch], both row-major, so that the inner loop runs
 * over contiguous images.
 */
export function applyMatrix(m: Matrix, x: Float64Array, out: Float64Array, batch = 1): void {
  for (let r = 0; r < m.rows; r++) {
    const to = r * batch;
    for (let i = m.start[r]; i < m.start[r + 1]; i++) {
      const weight = m.value[i];
      const from = m.column[i] * batch;
      for (let b = 0; b < batch; b++) out[to + b] += weight * x[from + b];
    }
  }
}
