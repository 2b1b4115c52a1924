import { float32, float64, int16, int32, int8, readElements, uint8, type ElementType } from './elements.ts';
import { badInput, boundedCount, toLabels, type ItemSource } from './source.ts';

const types: ReadonlyMap<number, ElementType> = new Map([
  [0x08, uint8],
  [0x09, int8],
  [0x0b, int16],
  [0x0c, int32],
  [0x0d, float32],
  [0x0e, float64],
]);

/** True for the first bytes of an IDX file. */
export const isIdx = (bytes: Uint8Array): boolean =>
  bytes[0] === 0 && bytes[1] === 0 && types.has(bytes[2]) && bytes[3] >= 1 && bytes[3] <= 8;

interface IdxArray {
  readonly shape: readonly number[];
  readonly type: ElementType;
  readonly code: number;
  readonly body: Uint8Array;
}

/** The IDX format of MNIST (LeCun): a magic number with type and rank, big-endian dimensions, the numbers. Errors: FHE0903. */
function openIdx(bytes: Uint8Array, name: string): IdxArray {
  const type = types.get(bytes[2]);
  if (!isIdx(bytes) || !type) return badInput(name, 'not an IDX file');
  const rank = bytes[3];
  const start = 4 + 4 * rank;
  if (bytes.length < start) badInput(name, 'the IDX file is cut short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i, false));
  const count = boundedCount(shape, name);
  const body = bytes.subarray(start);
  if (body.length !== count * type.bytes)
    badInput(name, `${body.length} bytes of data where shape [${shape.join(', ')}] asks for ${count * type.bytes}`);
  return { shape, type, code: bytes[2], body };
}

/** Items of an IDX file; the first dimension counts them. Unsigned bytes are pixels. */
export function idxSource(bytes: Uint8Array, name: string, labels?: Int32Array): ItemSource {
  const { shape, type, code, body } = openIdx(bytes, name);
  const [count, ...itemShape] = shape;
  if (labels && labels.length !== count) badInput(name, `${labels.length} labels for ${count} inputs`);
  const size = count === 0 ? 0 : body.length / type.bytes / count;
  return {
    name,
    count,
    shape: itemShape,
    pixels: code === 0x08,
    ...(labels ? { labels } : {}),
    read: (i) => {
      const part = body.subarray(i * size * type.bytes, (i + 1) * size * type.bytes);
      return { shape: itemShape, data: readElements(part, type, size, false, `${name}, input ${i}`) };
    },
  };
}

/** The labels of an IDX file of rank 1. */
export function readIdxLabels(bytes: Uint8Array, name: string): Int32Array {
  const { shape, type, body } = openIdx(bytes, name);
  if (shape.length !== 1) badInput(name, `labels have one dimension, this file has ${shape.length}`);
  return toLabels(readElements(body, type, shape[0], false, name), name);
}
