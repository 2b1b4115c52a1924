import { formatLayout, type Layout } from './layout.ts';
import { sameShape } from './tensor.ts';

/** The type of a value: everything about it that a verifier can check. One kind a level, and `error` for poisoned values. */
export type Type = TensorType | PackedType | CipherType | PlainType | ErrorType;

/** nn: an ONNX tensor. Element types only matter for import; arithmetic is on reals. */
export interface TensorType {
  readonly kind: 'tensor';
  readonly shape: readonly number[];
}

/** slots: one vector of `slots` numbers; `layout` tells which tensor element sits in which slot. */
export interface PackedType {
  readonly kind: 'packed';
  readonly slots: number;
  /** Absent for intermediate vectors, whose slots stand for no tensor. */
  readonly layout?: Layout;
}

/** ckks: a ciphertext. `level` counts the rescales left (level 0 has one prime); `scale` is exact; `size` is its polynomials. */
export interface CipherType {
  readonly kind: 'cipher';
  readonly level: number;
  readonly scale: number;
  readonly size: number;
}

/** ckks: an encoded vector at the level and scale of its use. */
export interface PlainType {
  readonly kind: 'plain';
  readonly level: number;
  readonly scale: number;
}

/** The type of a value whose definition failed: silences every check that depends on it. */
export interface ErrorType {
  readonly kind: 'error';
}

export const errorType: ErrorType = { kind: 'error' };
export const tensorType = (shape: readonly number[]): TensorType => ({ kind: 'tensor', shape });
export const packedType = (slots: number, layout?: Layout): PackedType =>
  layout ? { kind: 'packed', slots, layout } : { kind: 'packed', slots };
export const cipherType = (level: number, scale: number, size = 2): CipherType => ({
  kind: 'cipher',
  level,
  scale,
  size,
});
export const plainType = (level: number, scale: number): PlainType => ({ kind: 'plain', level, scale });

/** The canonical text of a type; equal types have equal text. */
export function formatType(type: Type): string {
  switch (type.kind) {
    case 'tensor':
      return `tensor<[${type.shape.join(', ')}]>`;
    case 'packed':
      return type.layout
        ? `packed<slots = ${type.slots}, layout = "${formatLayout(type.layout)}">`
        : `packed<slots = ${type.slots}>`;
    case 'cipher':
      return `cipher<level = ${type.level}, scale = ${type.scale}, size = ${type.size}>`;
    case 'plain':
      return `plain<level = ${type.level}, scale = ${type.scale}>`;
    case 'error':
      return 'error';
  }
}

export function sameType(a: Type, b: Type): boolean {
  if (a.kind === 'tensor' && b.kind === 'tensor') return sameShape(a.shape, b.shape);
  return formatType(a) === formatType(b);
}
