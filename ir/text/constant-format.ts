import { matrixProblem } from '../matrix-check.ts';
import type { Matrix } from '../matrix.ts';
import { elementCount, type Tensor } from '../tensor.ts';

const tensorTag = 0x54454e53;
const matrixTag = 0x4d545258;

/**
 * The bytes of a constant, little-endian. Tensor: tag, rank, each dimension (32 bits), then the elements (64-bit floats).
 * Matrix: tag, rows, columns, entries, the start of each row and the column of each entry (32 bits), then the values (64-bit floats).
 */
export function encodeConstant(constant: Tensor | Matrix): Uint8Array {
  const isMatrix = 'column' in constant;
  const head: ArrayLike<number>[] = isMatrix
    ? [[matrixTag, constant.rows, constant.columns, constant.value.length], constant.start, constant.column]
    : [[tensorTag, constant.shape.length], constant.shape];
  const values = isMatrix ? constant.value : constant.data;
  const words = head.reduce((n, part) => n + part.length, 0);
  const bytes = new Uint8Array(4 * words + 8 * values.length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of head) {
    for (let i = 0; i < part.length; i++, at += 4) view.setUint32(at, part[i], true);
  }
  for (let i = 0; i < values.length; i++, at += 8) view.setFloat64(at, values[i], true);
  return bytes;
}

/** The constant, or the reason why the bytes are none. Sizes are checked before anything is allocated. */
export function decodeConstant(bytes: Uint8Array): Tensor | Matrix | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = bytes.length >= 8 ? view.getUint32(0, true) : 0;
  if (tag === tensorTag) return decodeTensor(view);
  return tag === matrixTag && bytes.length >= 16 ? decodeMatrix(view) : 'it is no constant file';
}

const floats = (view: DataView, at: number, count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => view.getFloat64(at + 8 * i, true));
const words = (view: DataView, at: number, count: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => view.getUint32(at + 4 * i, true));

function decodeTensor(view: DataView): Tensor | string {
  const rank = view.getUint32(4, true);
  const head = 8 + 4 * rank;
  if (head > view.byteLength) return 'it is cut short';
  const shape = [...words(view, 8, rank)];
  const count = elementCount(shape);
  if (shape.some((d) => d < 0) || head + 8 * count !== view.byteLength) return 'its size does not fit its shape';
  return { shape, data: floats(view, head, count) };
}

function decodeMatrix(view: DataView): Matrix | string {
  const [rows, columns, entries] = [4, 8, 12].map((at) => view.getUint32(at, true));
  const columnAt = 16 + 4 * (rows + 1);
  const valueAt = columnAt + 4 * entries;
  if (valueAt + 8 * entries !== view.byteLength) return 'its size does not fit its rows and entries';
  const matrix = {
    rows,
    columns,
    start: words(view, 16, rows + 1),
    column: words(view, columnAt, entries),
    value: floats(view, valueAt, entries),
  };
  return matrixProblem(matrix) ?? matrix;
}
