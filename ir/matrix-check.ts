import type { Matrix } from './matrix.ts';

/** The reason why the arrays are no well-formed sparse matrix, or undefined when they are. */
export function matrixProblem(m: Matrix): string | undefined {
  const { rows, columns, start, column, value } = m;
  if (start.length !== rows + 1 || column.length !== value.length) return 'its arrays do not fit its size';
  if (start[0] !== 0 || start[rows] !== column.length) return 'its rows do not cover its entries';
  for (let r = 0; r < rows; r++) {
    if (start[r + 1] < start[r] || start[r + 1] > column.length) return `row ${r} ends before it starts`;
    for (let i = start[r]; i < start[r + 1]; i++) {
      const inside = column[i] >= 0 && column[i] < columns;
      if (!inside || (i > start[r] && column[i] <= column[i - 1]))
        return `columns of row ${r} are out of order or range`;
      if (value[i] === 0 || !Number.isFinite(value[i])) return `row ${r} stores ${value[i]}`;
    }
  }
  return undefined;
}
