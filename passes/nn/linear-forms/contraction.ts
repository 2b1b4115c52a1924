import { fail } from '../../../ir/diagnostics.ts';
import { identityMatrix, matrixFromTriples, multiplyMatrices, type Matrix } from '../../../ir/matrix.ts';
import { around, broadcastShapes, broadcastStrides, stridedIndices } from '../../../ir/nn/indexing.ts';
import { matmul } from '../../../ir/nn/matmul.ts';
import { resize } from '../../../ir/nn/padding.ts';
import { reduceMean, reduceSum } from '../../../ir/nn/reduction.ts';
import { elementCount } from '../../../ir/tensor.ts';
import { shapeOf, sizeOf } from '../linear-op.ts';
import { broadcastMatrix } from './elementwise.ts';
import { only, triples, type LinearFormOf } from './form.ts';

/** A matrix product (numpy rules, as nn.matmul) with one constant factor. */
const product: LinearFormOf = ({ op, constants }) => {
  const encrypted = constants[0] ? 1 : 0;
  const constant = constants[1 - encrypted];
  if (!constant) fail('FHE0501', 'both factors of this matrix product depend on the input', op.loc);
  const [a, b] = op.operands.map(shapeOf);
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  const [rows, inner] = left.slice(-2);
  const columns = right[right.length - 1];
  const stack = broadcastShapes(left.slice(0, -2), right.slice(0, -2)) ?? [];
  const [fromA, fromB] = [left, right].map((s) => stridedIndices(stack, broadcastStrides(s.slice(0, -2), stack)));
  const t = triples(fromA.length * rows * columns * inner);
  let n = 0;
  for (let s = 0; s < fromA.length; s++) {
    for (let r = 0; r < rows; r++) {
      for (let k = 0; k < inner; k++) {
        const atA = (fromA[s] * rows + r) * inner + k;
        for (let c = 0; c < columns; c++) {
          const atB = (fromB[s] * inner + k) * columns + c;
          t.row[n] = (s * rows + r) * columns + c;
          t.column[n] = encrypted === 0 ? atA : atB;
          t.value[n++] = constant.data[encrypted === 0 ? atB : atA];
        }
      }
    }
  }
  const matrix = matrixFromTriples(sizeOf(op), sizeOf(op.operands[encrypted]), t.row, t.column, t.value);
  return { matrices: new Map([[encrypted, matrix]]) };
};

/** Sum or mean over axes: the transposed of a broadcast. */
const reduction =
  (mean: boolean): LinearFormOf =>
  ({ op }) => {
    const shape = shapeOf(op.operands[0]);
    const axes = op.attrs['axes'] as readonly number[];
    const kept = shape.map((d, i) => (axes.includes(i) ? 1 : d));
    const target = broadcastMatrix(kept, shape).column;
    const weight = mean ? elementCount(kept) / elementCount(shape) : 1;
    const t = triples(target.length);
    for (let i = 0; i < target.length; i++) {
      t.row[i] = target[i];
      t.column[i] = i;
      t.value[i] = weight;
    }
    return only(matrixFromTriples(elementCount(kept), target.length, t.row, t.column, t.value));
  };

/** `m` along one dimension of a tensor. */
function alongAxis(m: Matrix, shape: readonly number[], axis: number): Matrix {
  const [outer, size, inner] = around(shape, axis);
  const t = triples(outer * inner * m.value.length);
  let n = 0;
  for (let o = 0; o < outer; o++) {
    for (let r = 0; r < m.rows; r++) {
      for (let e = m.start[r]; e < m.start[r + 1]; e++) {
        for (let i = 0; i < inner; i++) {
          t.row[n] = (o * m.rows + r) * inner + i;
          t.column[n] = (o * size + m.column[e]) * inner + i;
          t.value[n++] = m.value[e];
        }
      }
    }
  }
  return matrixFromTriples(outer * m.rows * inner, outer * size * inner, t.row, t.column, t.value);
}

const resampling: LinearFormOf = ({ op }) => {
  let shape = shapeOf(op.operands[0]);
  let result = identityMatrix(elementCount(shape));
  (op.attrs['matrices'] as readonly Matrix[]).forEach((m, axis) => {
    result = multiplyMatrices(alongAxis(m, shape, axis), result);
    shape = shape.map((d, i) => (i === axis ? m.rows : d));
  });
  return only(result);
};

export const contractionForms: readonly (readonly [string, LinearFormOf])[] = [
  [matmul.name, product],
  [reduceSum.name, reduction(false)],
  [reduceMean.name, reduction(true)],
  [resize.name, resampling],
];
