import { transposeMatrix, type Matrix } from '../../ir/matrix.ts';

/** A hash (53 bits) of the entries of each column: equal columns have equal hashes. */
export function hashColumns(matrix: Matrix): Float64Array {
  const low = new Int32Array(matrix.columns).fill(0x811c9dc5 | 0);
  const high = new Int32Array(matrix.columns).fill(0x2545f491);
  const words = new Int32Array(matrix.value.buffer, matrix.value.byteOffset, matrix.value.length * 2);
  for (let r = 0; r < matrix.rows; r++) {
    for (let e = matrix.start[r]; e < matrix.start[r + 1]; e++) {
      const c = matrix.column[e];
      const word = Math.imul(words[2 * e] ^ Math.imul(r + 1, 0x9e3779b1), 0x85ebca6b) ^ words[2 * e + 1];
      low[c] = Math.imul(low[c] ^ word, 0x01000193);
      high[c] = Math.imul(high[c] ^ (word >>> 7) ^ low[c], 0xc2b2ae35);
    }
  }
  return Float64Array.from(low, (l, c) => (high[c] & 0x1fffff) * 2 ** 32 + (l >>> 0));
}

/** The slot bits in which slots may be exchanged without a change of what the columns there are, where `same` compares columns. */
function exchangeableBits(columnSlots: Int32Array, bits: number, same: (a: number, b: number) => boolean): number {
  const at = new Map<number, number>();
  columnSlots.forEach((slot, c) => at.set(slot, c));
  let mask = 0;
  for (let bit = 1; bit <= bits; bit *= 2) {
    if ((bits & bit) === 0) continue;
    const holds = columnSlots.every((slot, c) => {
      const other = at.get(slot ^ bit);
      return other !== undefined && same(c, other);
    });
    if (holds) mask |= bit;
  }
  return mask;
}

/** {@link summableBits} by the hashes of {@link hashColumns} alone: for predictions. */
export const likelySummableBits = (hashes: Float64Array, columnSlots: Int32Array, used: number): number =>
  exchangeableBits(columnSlots, used, (a, b) => hashes[a] === hashes[b]);

/**
 * The slot bits over which a map only sees sums: columns whose slots differ in such a bit alone are equal. Average pooling that was
 * multiplied into the next layer gives such bits; summing over them first, by rotations, makes the map smaller.
 */
export function summableBits(matrix: Matrix, columnSlots: Int32Array, used: number): number {
  const likely = likelySummableBits(hashColumns(matrix), columnSlots, used);
  if (likely === 0) return 0;
  const { start, column, value } = transposeMatrix(matrix);
  return exchangeableBits(columnSlots, likely, (a, b) => {
    if (start[a + 1] - start[a] !== start[b + 1] - start[b]) return false;
    for (let i = start[a], j = start[b]; i < start[a + 1]; i++, j++) {
      if (column[i] !== column[j] || value[i] !== value[j]) return false;
    }
    return true;
  });
}
