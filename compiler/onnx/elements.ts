import type { onnx } from 'onnx-proto';
import { toNumber } from './numbers.ts';

/** What import must know of an element type beyond its reals: integers divide and cast by truncation. */
export type ElementKind = 'float' | 'int' | 'bool';

/** One ONNX element type: how its values sit in `rawData` and in the typed fields of a TensorProto. */
export interface ElementType {
  readonly name: string;
  readonly kind: ElementKind;
  readonly bytes: number;
  readonly read: (view: DataView, offset: number) => number;
  readonly typed: (proto: onnx.ITensorProto) => readonly number[];
}

const floats = (p: onnx.ITensorProto): readonly number[] => p.floatData ?? [];
const doubles = (p: onnx.ITensorProto): readonly number[] => p.doubleData ?? [];
const int32s = (p: onnx.ITensorProto): readonly number[] => p.int32Data ?? [];
const int64s = (p: onnx.ITensorProto): readonly number[] => (p.int64Data ?? []).map(toNumber);
const uint64s = (p: onnx.ITensorProto): readonly number[] => (p.uint64Data ?? []).map(toNumber);

/** The value of the IEEE 754 half precision bits. */
function halfFromBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The value of bfloat16 bits: the upper half of a float. */
function brainFromBits(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, (bits & 0xffff) * 0x10000);
  return view.getFloat32(0);
}

const type = (
  name: string,
  kind: ElementKind,
  bytes: number,
  read: ElementType['read'],
  typed: ElementType['typed'],
): ElementType => ({ name, kind, bytes, read, typed });

/** By the numbers of TensorProto.DataType. Raw data is little-endian. */
const types: Readonly<Record<number, ElementType>> = {
  1: type('float', 'float', 4, (v, o) => v.getFloat32(o, true), floats),
  2: type('uint8', 'int', 1, (v, o) => v.getUint8(o), int32s),
  3: type('int8', 'int', 1, (v, o) => v.getInt8(o), int32s),
  4: type('uint16', 'int', 2, (v, o) => v.getUint16(o, true), int32s),
  5: type('int16', 'int', 2, (v, o) => v.getInt16(o, true), int32s),
  6: type('int32', 'int', 4, (v, o) => v.getInt32(o, true), int32s),
  7: type('int64', 'int', 8, (v, o) => Number(v.getBigInt64(o, true)), int64s),
  9: type('bool', 'bool', 1, (v, o) => (v.getUint8(o) ? 1 : 0), int32s),
  10: type(
    'float16',
    'float',
    2,
    (v, o) => halfFromBits(v.getUint16(o, true)),
    (p) => int32s(p).map(halfFromBits),
  ),
  11: type('double', 'float', 8, (v, o) => v.getFloat64(o, true), doubles),
  12: type('uint32', 'int', 4, (v, o) => v.getUint32(o, true), uint64s),
  13: type('uint64', 'int', 8, (v, o) => Number(v.getBigUint64(o, true)), uint64s),
  16: type(
    'bfloat16',
    'float',
    2,
    (v, o) => brainFromBits(v.getUint16(o, true)),
    (p) => int32s(p).map(brainFromBits),
  ),
};

/** The element type with this number, or undefined for strings, complex and other types without real values here. */
export const elementType = (dataType: number | null | undefined): ElementType | undefined => types[dataType ?? 0];
