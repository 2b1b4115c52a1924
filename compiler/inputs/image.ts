import { decode as decodeJpeg } from 'jpeg-js';
import { PNG } from 'pngjs';
import { badInput } from './source.ts';

/** A decoded image: red, green, blue and opacity of each pixel, row by row, in 0..255. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: ArrayLike<number>;
}

const maxPixels = 2 ** 26;

export const isPng = (bytes: Uint8Array): boolean =>
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a].every((byte, i) => bytes[i] === byte);

export const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;

/** Decodes a PNG or JPEG image of at most 2^26 pixels. Errors: FHE0903. */
export function readImage(bytes: Uint8Array, name: string): Pixels {
  if (isPng(bytes)) return readPng(bytes, name);
  if (isJpeg(bytes)) return readJpeg(bytes, name);
  return badInput(name, 'neither a PNG nor a JPEG image');
}

function readPng(bytes: Uint8Array, name: string): Pixels {
  if (bytes.length < 33) badInput(name, 'the PNG image is cut short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (!(width * height >= 1 && width * height <= maxPixels)) badInput(name, `an image of ${width} x ${height} pixels`);
  const deep = bytes[24] === 16;
  try {
    // With 16 bits a channel the library would drop the lower half: then it hands out the values as they are.
    const image = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), { skipRescale: deep });
    const rgba: ArrayLike<number> = image.data;
    if (rgba.length !== 4 * image.width * image.height) throw new RangeError('pixels are missing');
    return { width: image.width, height: image.height, rgba: deep ? Float64Array.from(rgba, (v) => v / 257) : rgba };
  } catch (error) {
    return badInput(name, `the PNG image is damaged: ${messageOf(error)}`);
  }
}

function readJpeg(bytes: Uint8Array, name: string): Pixels {
  try {
    const limits = { maxResolutionInMP: maxPixels / 1e6, maxMemoryUsageInMB: 1024 };
    const { width, height, data } = decodeJpeg(bytes, { useTArray: true, tolerantDecoding: false, ...limits });
    if (!(width * height >= 1) || data.length !== 4 * width * height) throw new RangeError('pixels are missing');
    return { width, height, rgba: data };
  } catch (error) {
    return badInput(name, `the JPEG image is damaged or of an unknown kind: ${messageOf(error)}`);
  }
}

/** Libraries throw strings, too. */
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * The pixels as [channels, height, width] with 1 (grey) or 3 channels. Errors: FHE0903 for transparent pixels, and for colours where
 * one channel is asked for.
 */
export function toPlanes({ width, height, rgba }: Pixels, channels: 1 | 3, name: string): Float64Array {
  const size = width * height;
  const planes = new Float64Array(channels * size);
  for (let p = 0; p < size; p++) {
    const [r, g, b, a] = [rgba[4 * p], rgba[4 * p + 1], rgba[4 * p + 2], rgba[4 * p + 3]];
    if (a < 255) badInput(name, 'the image has transparent pixels; flatten it');
    if (channels === 1 && (r !== g || g !== b))
      badInput(name, 'the image has colours, the model takes one channel; convert it to grey');
    planes[p] = r;
    if (channels === 3) {
      planes[size + p] = g;
      planes[2 * size + p] = b;
    }
  }
  return planes;
}
