import type { onnx } from 'onnx-proto';
import { FhecError, fail, type Loc } from '../../ir/diagnostics.ts';
import { tensor, type Tensor } from '../../ir/tensor.ts';
import { elementType, type ElementKind, type ElementType } from './elements.ts';
import { toNumber } from './numbers.ts';

/** More elements than any network that runs encrypted holds in one tensor; larger counts are damage or attack. */
const maxElements = 2 ** 28;

/** A tensor of the model with what import must know of its element type. */
export interface DecodedTensor {
  readonly tensor: Tensor;
  readonly kind: ElementKind;
}

/** TensorProto.DataLocation.EXTERNAL. */
const externalLocation = 1;

/** Reads a file that the model names, by a relative path. */
export type ExternalData = (path: string) => Uint8Array;

/** Checks dimensions from outside: whole, not negative, at most {@link maxElements} elements. Throws FHE0205. */
export function checkedShape(dims: readonly number[], what: string, loc: Loc): readonly number[] {
  if (dims.some((d) => !Number.isSafeInteger(d) || d < 0))
    fail('FHE0205', `${what} has dimensions [${dims.join(', ')}]`, loc);
  // The product of the dimensions other than 0, which would hide a large one.
  const count = dims.reduce((n, d) => n * Math.max(d, 1), 1);
  if (dims.length > 16 || count > maxElements)
    fail('FHE0205', `${what} of shape [${dims.join(', ')}] is too large`, loc);
  return dims;
}

/**
 * Decodes a TensorProto of any numeric encoding: raw bytes, typed fields, or external data. Throws FHE0205 where data, shape and type
 * do not fit, FHE0207 where an external file is missing or its path leaves the folder of the model.
 */
export function decodeTensor(proto: onnx.ITensorProto, what: string, loc: Loc, external?: ExternalData): DecodedTensor {
  const type = elementType(proto.dataType);
  if (!type)
    return fail('FHE0205', `${what} has element type ${proto.dataType ?? 0}, which has no real values here`, loc);
  const shape = checkedShape((proto.dims ?? []).map(toNumber), what, loc);
  const count = shape.reduce((n, d) => n * d, 1);
  const data = elements(proto, type, count, what, loc, external);
  return { tensor: tensor(shape, data), kind: type.kind };
}

function elements(
  proto: onnx.ITensorProto,
  type: ElementType,
  count: number,
  what: string,
  loc: Loc,
  external: ExternalData | undefined,
): Float64Array {
  if (Number(proto.dataLocation ?? 0) === externalLocation)
    return fromBytes(externalBytes(proto, what, loc, external), type, count, what, loc);
  const raw = proto.rawData ?? new Uint8Array();
  if (raw.length > 0) return fromBytes(raw, type, count, what, loc);
  const typed = type.typed(proto);
  if (typed.length !== count)
    fail('FHE0205', `${what} has ${typed.length} elements of type ${type.name}, its shape ${count}`, loc);
  return Float64Array.from(typed);
}

function fromBytes(bytes: Uint8Array, type: ElementType, count: number, what: string, loc: Loc): Float64Array {
  if (bytes.length !== count * type.bytes) {
    fail(
      'FHE0205',
      `${what} has ${bytes.length} bytes; ${count} elements of type ${type.name} take ${count * type.bytes}`,
      loc,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) out[i] = type.read(view, i * type.bytes);
  return out;
}

/** Whether a path stays in the folder that it starts from, on any operating system. */
const staysInside = (path: string): boolean =>
  path !== '' && !/^[/\\]|^[A-Za-z]:|\0/.test(path) && !path.split(/[/\\]/).includes('..');

function externalBytes(
  proto: onnx.ITensorProto,
  what: string,
  loc: Loc,
  external: ExternalData | undefined,
): Uint8Array {
  const entries = new Map((proto.externalData ?? []).map((e) => [e.key ?? '', e.value ?? '']));
  const path = entries.get('location') ?? '';
  if (!staysInside(path)) fail('FHE0207', `${what} names the file '${path}', outside the folder of the model`, loc);
  if (!external) fail('FHE0207', `${what} is in the file '${path}', but no folder was given`, loc);
  const file = readExternal(external, path, what, loc);
  const offset = whole(entries.get('offset') ?? '0');
  const length = whole(entries.get('length') ?? String(file.length - offset));
  if (!(offset >= 0 && length >= 0 && offset + length <= file.length)) {
    fail('FHE0205', `${what} lies beyond the ${file.length} bytes of '${path}'`, loc);
  }
  return file.subarray(offset, offset + length);
}

const whole = (text: string): number => (/^\d{1,15}$/.test(text) ? Number(text) : NaN);

function readExternal(external: ExternalData, path: string, what: string, loc: Loc): Uint8Array {
  try {
    return external(path);
  } catch (error) {
    if (error instanceof FhecError) throw error;
    return fail('FHE0207', `${what} is in the file '${path}', which cannot be read`, loc, [String(error)]);
  }
}
