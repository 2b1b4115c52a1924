import { badInput } from './source.ts';

/** How one number stands in a file. */
export interface ElementType {
  readonly bytes: number;
  readonly get: (view: DataView, at: number, littleEndian: boolean) => number;
}

const int64 = (view: DataView, at: number, little: boolean): number => Number(view.getBigInt64(at, little));
const uint64 = (view: DataView, at: number, little: boolean): number => Number(view.getBigUint64(at, little));

export const int8: ElementType = { bytes: 1, get: (v, at) => v.getInt8(at) };
export const uint8: ElementType = { bytes: 1, get: (v, at) => v.getUint8(at) };
export const int16: ElementType = { bytes: 2, get: (v, at, le) => v.getInt16(at, le) };
export const int32: ElementType = { bytes: 4, get: (v, at, le) => v.getInt32(at, le) };
export const float32: ElementType = { bytes: 4, get: (v, at, le) => v.getFloat32(at, le) };
export const float64: ElementType = { bytes: 8, get: (v, at, le) => v.getFloat64(at, le) };

/** IEEE 754 half precision. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The numeric types of NumPy, by kind and width. */
export const numpyTypes: ReadonlyMap<string, ElementType> = new Map([
  ['b1', { bytes: 1, get: (v, at) => (v.getUint8(at) === 0 ? 0 : 1) }],
  ['i1', int8],
  ['u1', uint8],
  ['i2', int16],
  ['u2', { bytes: 2, get: (v, at, le) => v.getUint16(at, le) }],
  ['i4', int32],
  ['u4', { bytes: 4, get: (v, at, le) => v.getUint32(at, le) }],
  ['i8', { bytes: 8, get: int64 }],
  ['u8', { bytes: 8, get: uint64 }],
  ['f2', { bytes: 2, get: (v, at, le) => halfToNumber(v.getUint16(at, le)) }],
  ['f4', float32],
  ['f8', float64],
]);

/** Reads `count` numbers from `bytes`, which must hold exactly these. Errors: FHE0903 for a wrong length and for numbers that are not finite. */
export function readElements(
  bytes: Uint8Array,
  type: ElementType,
  count: number,
  littleEndian: boolean,
  name: string,
): Float64Array {
  if (bytes.length !== count * type.bytes)
    badInput(name, `${bytes.length} bytes of data where ${count * type.bytes} are expected`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const value = type.get(view, i * type.bytes, littleEndian);
    if (!Number.isFinite(value)) badInput(name, `element ${i} is ${value}; numbers must be finite`);
    data[i] = value;
  }
  return data;
}
