import { numpyTypes, readElements } from './elements.ts';
import { badInput, boundedCount, type ArrayData } from './source.ts';

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const maxHeaderBytes = 65536;

/** True for the first bytes of a .npy file. */
export const isNpy = (bytes: Uint8Array): boolean => magic.every((byte, i) => bytes[i] === byte);

/**
 * Reads a NumPy array file (NEP 1; versions 1 to 3; booleans, integers and floats of any width up to 64 bits and either byte order, in
 * C or Fortran order) as row-major doubles; 64-bit integers are rounded. Errors: FHE0903.
 */
export function readNpy(bytes: Uint8Array, name: string): ArrayData {
  if (!isNpy(bytes)) badInput(name, 'not a .npy file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  if (!(version >= 1 && version <= 3)) badInput(name, `.npy version ${version}; known are 1, 2 and 3`);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) badInput(name, 'the .npy file is cut short');
  const headerLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (headerLength > maxHeaderBytes || start + headerLength > bytes.length)
    badInput(name, `the .npy file is cut short or damaged: a header of ${headerLength} bytes`);
  const header = new TextDecoder('utf-8').decode(bytes.subarray(start, start + headerLength));
  const { kind, bigEndian, fortran, shape } = readHeader(header, name);
  const type = numpyTypes.get(kind) ?? badInput(name, `elements of type '${kind}'; numbers are expected`);
  const count = boundedCount(shape, name);
  const data = readElements(bytes.subarray(start + headerLength), type, count, !bigEndian, name);
  return { shape, data: fortran ? toRowMajor(data, shape) : data };
}

/** The header is a Python dictionary with exactly the keys descr, fortran_order and shape. */
function readHeader(
  header: string,
  name: string,
): { kind: string; bigEndian: boolean; fortran: boolean; shape: number[] } {
  const bad = (what: string): never =>
    badInput(name, `the .npy header has no valid ${what}: ${header.trim().slice(0, 200)}`);
  if (!/^\s*\{.*\}\s*$/s.test(header)) bad('dictionary');
  const descr =
    /'descr'\s*:\s*'([<>|=])([a-z]\d{1,2})'\s*[,}]/.exec(header) ?? bad("'descr' (structured types are not numbers)");
  const order = /'fortran_order'\s*:\s*(True|False)\s*[,}]/.exec(header) ?? bad("'fortran_order'");
  const dims = /'shape'\s*:\s*\(\s*((?:\d{1,15}\s*,\s*)*(?:\d{1,15})?)\s*\)\s*[,}]/.exec(header) ?? bad("'shape'");
  const shape = dims[1]
    .split(',')
    .map((d) => d.trim())
    .filter((d) => d !== '')
    .map(Number);
  if (shape.length > 16) bad("'shape'");
  return { kind: descr[2], bigEndian: descr[1] === '>', fortran: order[1] === 'True', shape };
}

/** From Fortran order (first index fastest) to row-major. */
function toRowMajor(data: Float64Array, shape: readonly number[]): Float64Array {
  const result = new Float64Array(data.length);
  const index = new Array<number>(shape.length).fill(0);
  const step: number[] = [];
  shape.reduce((stride, d, axis) => ((step[axis] = stride), stride * d), 1);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    result[to] = data[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += step[axis];
      if (++index[axis] < shape[axis]) break;
      from -= step[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}

/** The bytes of a version 1 .npy file of doubles. */
export function writeNpy(shape: readonly number[], data: Float64Array): Uint8Array {
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${dims}), }`;
  const padded = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const bytes = new Uint8Array(10 + padded.length + 8 * data.length);
  bytes.set(magic);
  const view = new DataView(bytes.buffer);
  view.setUint8(6, 1);
  view.setUint16(8, padded.length, true);
  bytes.set(new TextEncoder().encode(padded), 10);
  data.forEach((value, i) => view.setFloat64(10 + padded.length + 8 * i, value, true));
  return bytes;
}
