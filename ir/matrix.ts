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

/** Stable counting sort: the order in which `key` (0 .. bound - 1) rises, entries taken in the order of `input`. */
function sortByKey(input: Int32Array, key: ArrayLike<number>, bound: number): Int32Array {
  const next = new Int32Array(bound + 1);
  for (let i = 0; i < input.length; i++) next[key[input[i]] + 1]++;
  for (let k = 0; k < bound; k++) next[k + 1] += next[k];
  const order = new Int32Array(input.length);
  for (let i = 0; i < input.length; i++) order[next[key[input[i]]]++] = input[i];
  return order;
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
  const given = new Int32Array(count);
  for (let i = 0; i < count; i++) given[i] = i;
  const order = sortByKey(sortByKey(given, column, columns), row, rows);
  const outStart = new Int32Array(rows + 1);
  const outColumn = new Int32Array(count);
  const outValue = new Float64Array(count);
  let n = 0;
  for (let i = 0; i < count;) {
    const r = row[order[i]];
    const c = column[order[i]];
    let sum = 0;
    for (; i < count && row[order[i]] === r && column[order[i]] === c; i++) sum += value[order[i]];
    if (sum === 0) continue;
    outColumn[n] = c;
    outValue[n++] = sum;
    outStart[r + 1] = n;
  }
  for (let r = 0; r < rows; r++) outStart[r + 1] = Math.max(outStart[r + 1], outStart[r]);
  return { rows, columns, start: outStart, column: outColumn.slice(0, n), value: outValue.slice(0, n) };
}

export function identityMatrix(size: number): Matrix {
  return diagonalMatrix(new Float64Array(size).fill(1));
}

/** The square matrix with `diagonal` on its main diagonal (zeros are not stored). */
function diagonalMatrix(diagonal: Float64Array): Matrix {
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

/** Entries of a matrix while their number is not known: typed arrays that double. */
function entryBuffer(capacity: number): {
  readonly reserve: (count: number) => { readonly column: Int32Array; readonly value: Float64Array };
  readonly cut: (count: number) => { readonly column: Int32Array; readonly value: Float64Array };
} {
  let column = new Int32Array(Math.max(capacity, 16));
  let value = new Float64Array(column.length);
  return {
    reserve: (count) => {
      if (count > column.length) {
        const size = Math.max(count, 2 * column.length);
        const wider = { column: new Int32Array(size), value: new Float64Array(size) };
        wider.column.set(column);
        wider.value.set(value);
        ({ column, value } = wider);
      }
      return { column, value };
    },
    cut: (count) => ({ column: column.slice(0, count), value: value.slice(0, count) }),
  };
}

/** `left * right` (Gustavson's row-by-row algorithm). */
export function multiplyMatrices(left: Matrix, right: Matrix): Matrix {
  const sums = new Float64Array(right.columns);
  const seen = new Int32Array(right.columns).fill(-1);
  const touched = new Int32Array(right.columns);
  const start = new Int32Array(left.rows + 1);
  const entries = entryBuffer(Math.max(left.column.length, right.column.length));
  let total = 0;
  for (let r = 0; r < left.rows; r++) {
    let count = 0;
    let sorted = true;
    for (let i = left.start[r]; i < left.start[r + 1]; i++) {
      const k = left.column[i];
      const weight = left.value[i];
      for (let j = right.start[k]; j < right.start[k + 1]; j++) {
        const c = right.column[j];
        if (seen[c] !== r) {
          seen[c] = r;
          sums[c] = weight * right.value[j];
          if (count > 0 && touched[count - 1] > c) sorted = false;
          touched[count++] = c;
        } else sums[c] += weight * right.value[j];
      }
    }
    if (!sorted) touched.subarray(0, count).sort();
    const { column, value } = entries.reserve(total + count);
    for (let t = 0; t < count; t++) {
      const c = touched[t];
      if (sums[c] === 0) continue;
      column[total] = c;
      value[total++] = sums[c];
    }
    start[r + 1] = total;
  }
  return { rows: left.rows, columns: right.columns, start, ...entries.cut(total) };
}

/** How many entries `left * right` has, counted structurally (sums that cancel included); at least `limit` when it reaches it. */
export function productSize(left: Matrix, right: Matrix, limit: number): number {
  const seen = new Int32Array(right.columns).fill(-1);
  let total = 0;
  for (let r = 0; r < left.rows && total < limit; r++) {
    for (let i = left.start[r]; i < left.start[r + 1]; i++) {
      const k = left.column[i];
      for (let j = right.start[k]; j < right.start[k + 1]; j++) {
        const c = right.column[j];
        if (seen[c] === r) continue;
        seen[c] = r;
        total++;
      }
    }
  }
  return total;
}

export function addMatrices(a: Matrix, b: Matrix): Matrix {
  const start = new Int32Array(a.rows + 1);
  const column = new Int32Array(a.column.length + b.column.length);
  const value = new Float64Array(column.length);
  let n = 0;
  for (let r = 0; r < a.rows; r++) {
    let i = a.start[r];
    let j = b.start[r];
    while (i < a.start[r + 1] || j < b.start[r + 1]) {
      const ca = i < a.start[r + 1] ? a.column[i] : a.columns;
      const cb = j < b.start[r + 1] ? b.column[j] : a.columns;
      const sum = (ca <= cb ? a.value[i++] : 0) + (cb <= ca ? b.value[j++] : 0);
      if (sum === 0) continue;
      column[n] = Math.min(ca, cb);
      value[n++] = sum;
    }
    start[r + 1] = n;
  }
  return { rows: a.rows, columns: a.columns, start, column: column.slice(0, n), value: value.slice(0, n) };
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
  return mapEntries(m, (v, r, c) => v * (rowScale ? rowScale[r] : 1) * (columnScale ? columnScale[c] : 1));
}

/** The matrix with each stored value replaced; values that become 0 are dropped. */
export function mapEntries(m: Matrix, f: (value: number, row: number, column: number) => number): Matrix {
  const start = new Int32Array(m.rows + 1);
  const column = new Int32Array(m.column.length);
  const value = new Float64Array(m.column.length);
  let n = 0;
  for (let r = 0; r < m.rows; r++) {
    for (let i = m.start[r]; i < m.start[r + 1]; i++) {
      const v = f(m.value[i], r, m.column[i]);
      if (v === 0) continue;
      column[n] = m.column[i];
      value[n++] = v;
    }
    start[r + 1] = n;
  }
  const full = n === column.length;
  return {
    rows: m.rows,
    columns: m.columns,
    start,
    column: full ? column : column.slice(0, n),
    value: full ? value : value.slice(0, n),
  };
}

/**
 * `out += m * x` for a batch: `x` is [columns, batch] and `out` [rows, batch], both row-major, so that the inner loop runs
 * over contiguous images. Eight entries of a row are taken at once: an eighth of the traffic on `out`. Batches of 16 to 64 keep in cache.
 */
export function applyMatrix(m: Matrix, x: Float64Array, out: Float64Array, batch = 1): void {
  const { start, column, value } = m;
  for (let r = 0; r < m.rows; r++) {
    const to = r * batch;
    const end = start[r + 1];
    let i = start[r];
    for (; i + 7 < end; i += 8) {
      const [w0, w1, w2, w3] = [value[i], value[i + 1], value[i + 2], value[i + 3]];
      const [w4, w5, w6, w7] = [value[i + 4], value[i + 5], value[i + 6], value[i + 7]];
      const [c0, c1] = [column[i] * batch, column[i + 1] * batch];
      const [c2, c3] = [column[i + 2] * batch, column[i + 3] * batch];
      const [c4, c5] = [column[i + 4] * batch, column[i + 5] * batch];
      const [c6, c7] = [column[i + 6] * batch, column[i + 7] * batch];
      for (let b = 0; b < batch; b++) {
        const low = w0 * x[c0 + b] + w1 * x[c1 + b] + (w2 * x[c2 + b] + w3 * x[c3 + b]);
        const high = w4 * x[c4 + b] + w5 * x[c5 + b] + (w6 * x[c6 + b] + w7 * x[c7 + b]);
        out[to + b] += low + high;
      }
    }
    for (; i < end; i++) {
      const weight = value[i];
      const from = column[i] * batch;
      for (let b = 0; b < batch; b++) out[to + b] += weight * x[from + b];
    }
  }
}

/** `out += transpose(m) * x` for a batch: `x` is [rows, batch] and `out` [columns, batch], both row-major. */
export function applyTransposed(m: Matrix, x: Float64Array, out: Float64Array, batch = 1): void {
  const { start, column, value } = m;
  for (let r = 0; r < m.rows; r++) {
    const from = r * batch;
    const end = start[r + 1];
    let i = start[r];
    for (; i + 3 < end; i += 4) {
      const [w0, w1, w2, w3] = [value[i], value[i + 1], value[i + 2], value[i + 3]];
      const [c0, c1] = [column[i] * batch, column[i + 1] * batch];
      const [c2, c3] = [column[i + 2] * batch, column[i + 3] * batch];
      for (let b = 0; b < batch; b++) {
        const g = x[from + b];
        out[c0 + b] += w0 * g;
        out[c1 + b] += w1 * g;
        out[c2 + b] += w2 * g;
        out[c3 + b] += w3 * g;
      }
    }
    for (; i < end; i++) {
      const weight = value[i];
      const to = column[i] * batch;
      for (let b = 0; b < batch; b++) out[to + b] += weight * x[from + b];
    }
  }
}
