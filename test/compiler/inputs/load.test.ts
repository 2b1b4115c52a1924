import { gzipSync, zipSync } from 'fflate';
import { encode as encodeJpeg } from 'jpeg-js';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { expect, test } from 'vitest';
import { loadDataset, parseNumbers, type LoadOptions } from '../../../compiler/inputs/load.ts';
import { writeNpy } from '../../../compiler/inputs/npy.ts';
import { folderOf, idxFile, range } from './files.ts';

const numbers = (list: readonly number[]): Float64Array => Float64Array.from(list);

/** An RGBA image by a function of the pixel's number. */
function png(width: number, height: number, at: (p: number) => readonly [number, number, number, number]): Uint8Array {
  const image = new PNG({ width, height });
  range(width * height).forEach((p) => image.data.set(at(p), 4 * p));
  return PNG.sync.write(image);
}

const greyPng = (first: number): Uint8Array => png(2, 2, (p) => [first + p, first + p, first + p, 255]);
const cifarRecord = (label: number, pixel: (i: number) => number): number[] => [label, ...range(3072).map(pixel)];

async function load(files: Readonly<Record<string, Uint8Array>>, spec: string, options: LoadOptions) {
  const folder = folderOf(files);
  const labels = options.labels === undefined ? {} : { labels: join(folder, options.labels) };
  return loadDataset(join(folder, spec), { ...options, ...labels });
}

test('an array of images: items, ranges, counts', async () => {
  const files = { 'x.npy': writeNpy([3, 1, 2, 2], numbers(range(12))), 'y.npy': writeNpy([3], numbers([7, 8, 9])) };
  const shape = [1, 1, 2, 2];
  expect((await load(files, 'x.npy', { shape })).images).toEqual([
    numbers([0, 1, 2, 3]),
    numbers([4, 5, 6, 7]),
    numbers([8, 9, 10, 11]),
  ]);
  const part = await load(files, 'x.npy[1:9]', { shape, labels: 'y.npy' });
  expect(part.labels).toEqual(Int32Array.of(8, 9));
  expect((await load(files, 'x.npy[2]', { shape })).images).toEqual([numbers([8, 9, 10, 11])]);
  expect((await load(files, 'x.npy[:2]', { shape })).images.length).toBe(2);
  expect((await load(files, 'x.npy[1:]', { shape, count: 1 })).images).toEqual([numbers([4, 5, 6, 7])]);
});

test.each([
  [
    [1, 1, 2, 2],
    [2, 2],
  ],
  [[1, 1, 2, 2], [4]],
  [
    [1, 4],
    [2, 2],
  ],
  [[1, 4], [4]],
  [
    [1, 4],
    [1, 4],
  ],
])('a single input: model %j, array %j', async (shape, arrayShape) => {
  const { images } = await load({ 'x.npy': writeNpy(arrayShape, numbers([1, 2, 3, 4])) }, 'x.npy', { shape });
  expect(images.map((i) => [...i]).flat()).toEqual([1, 2, 3, 4]);
});

test('an archive: usual and named keys', async () => {
  const entries = {
    'x.npy': writeNpy([2, 2], numbers([1, 2, 3, 4])),
    'y.npy': writeNpy([2], numbers([0, 5])),
    'odd.npy': writeNpy([2, 2], numbers([9, 9, 9, 9])),
  };
  const files = { 'a.npz': zipSync(entries), 'stored.npz': zipSync(entries, { level: 0 }) };
  for (const name of ['a.npz', 'stored.npz']) {
    const { images, labels } = await load(files, name, { shape: [1, 2] });
    expect(images).toEqual([numbers([1, 2]), numbers([3, 4])]);
    expect(labels).toEqual(Int32Array.of(0, 5));
    expect((await load(files, name, { shape: [1, 2], keys: { x: 'odd' } })).images[0]).toEqual(numbers([9, 9]));
    await expect(load(files, name, { shape: [1, 2], keys: { x: 'absent' } })).rejects.toThrow(
      /FHE0903.*'absent'; it has/,
    );
  }
});

test('IDX files, gzipped too, with the labels that lie beside them', async () => {
  const images = idxFile([2, 2, 2], [0, 51, 102, 153, 204, 255, 0, 0]);
  const files = {
    't10k-images-idx3-ubyte': images,
    't10k-labels-idx1-ubyte.gz': gzipSync(idxFile([2], [4, 2])),
    'x-images.idx3.gz': gzipSync(images),
  };
  const shape = [1, 1, 2, 2];
  const loaded = await load(files, 't10k-images-idx3-ubyte', { shape });
  expect(loaded.labels).toEqual(Int32Array.of(4, 2));
  expect(loaded.images[0]).toEqual(numbers([0, 51, 102, 153]).map((v) => v / 255));
  const raw = await load(files, 'x-images.idx3.gz', { shape, scale: 1 });
  expect(raw.labels).toBeUndefined();
  expect(raw.images[1]).toEqual(numbers([204, 255, 0, 0]));
});

test('CIFAR-10 binary, normalised by channel', async () => {
  const files = {
    'test_batch.bin': Uint8Array.from([...cifarRecord(3, (i) => Math.floor(i / 1024)), ...cifarRecord(9, () => 255)]),
  };
  const { images, labels } = await load(files, 'test_batch.bin', {
    shape: [1, 3, 32, 32],
    scale: 1,
    mean: [0, 1, 2],
    std: [1, 2, 4],
  });
  expect(labels).toEqual(Int32Array.of(3, 9));
  expect(images[0].every((v) => v === 0)).toBe(true);
  expect([images[1][0], images[1][1024], images[1][2048]]).toEqual([255, 127, 253 / 4]);
});

test('a model that takes channels last gets the same pixels in its own order', async () => {
  const files = { 'a.png': png(4, 2, (p) => [p, 10 + p, 20 + p, 255]) };
  const planes = await load(files, 'a.png', { shape: [1, 3, 2, 4], scale: 1, mean: [0, 10, 20] });
  expect([...planes.images[0]]).toEqual([...range(8), ...range(8), ...range(8)]);
  const last = await load(files, 'a.png', { shape: [1, 2, 4, 3], scale: 1, mean: [0, 10, 0] });
  expect([...last.images[0].subarray(0, 6)]).toEqual([0, 0, 20, 1, 1, 21]);
  const array = { 'x.npy': writeNpy([1, 2, 4, 3], numbers(range(24))) };
  const kept = await load(array, 'x.npy', { shape: [1, 2, 4, 3], mean: [0, 1, 2] });
  expect([...kept.images[0].subarray(0, 6)]).toEqual([0, 0, 0, 3, 3, 3]);
});

test('PNG with 16 bits a channel keeps its lower half', async () => {
  const image = PNG.sync.write(
    { width: 1, height: 1, data: Buffer.from(Uint16Array.of(32896, 32896, 32896, 65535).buffer), gamma: 0 } as PNG,
    {
      bitDepth: 16,
      colorType: 6,
      inputHasAlpha: true,
    },
  );
  const { images } = await load({ 'a.png': image }, 'a.png', { shape: [1, 1, 1, 1], scale: 1 });
  expect(images[0][0]).toBeCloseTo(128, 6);
});

test('JPEG', async () => {
  const grey = encodeJpeg(
    { width: 8, height: 8, data: new Uint8Array(256).map((_, i) => (i % 4 === 3 ? 255 : 128)) },
    100,
  ).data;
  const { images } = await load({ 'a.jpg': grey }, 'a.jpg', { shape: [1, 1, 8, 8] });
  expect(Math.max(...images[0].map((v) => Math.abs(v - 128 / 255)))).toBeLessThan(0.01);
});

test('a folder of images: order, labels by number and by name', async () => {
  const shape = [1, 1, 2, 2];
  const flat = folderOf({ 'img10.png': greyPng(10), 'img9.png': greyPng(9), 'notes.txt': 'x' });
  const loose = await loadDataset(flat, { shape, scale: 1 });
  expect(loose.images.map((i) => i[0])).toEqual([9, 10]);
  expect(loose.labels).toBeUndefined();
  const numbered = await loadDataset(folderOf({ '0/a.png': greyPng(1), '7/a.png': greyPng(2) }), { shape, scale: 1 });
  expect(numbered.labels).toEqual(Int32Array.of(0, 7));
  const named = await loadDataset(folderOf({ 'dog/a.png': greyPng(1), 'cat/a.png': greyPng(2) }), { shape, scale: 1 });
  expect([named.labels, named.images.map((i) => i[0])]).toEqual([Int32Array.of(0, 1), [2, 1]]);
  const many = { 'a/1.png': greyPng(1), 'a/2.png': greyPng(2), 'a/3.png': greyPng(3), 'b/4.png': greyPng(4) };
  const turns = await loadDataset(folderOf(many), { shape, scale: 1 });
  expect([turns.labels, turns.images.map((i) => i[0])]).toEqual([Int32Array.of(0, 1, 0, 0), [1, 4, 2, 3]]);
});

test('the built-in sets: sizes, labels and order', async () => {
  const digits = await loadDataset('mnist:test[0:5]', { shape: [1, 1, 28, 28] });
  expect(digits.labels).toEqual(Int32Array.of(7, 2, 1, 0, 4));
  expect(digits.images[0].reduce((m, v) => Math.max(m, v), 0)).toBe(1);
  const clothes = await loadDataset('fashion:test[9990:10020]', { shape: [1, 1, 28, 28] });
  expect(clothes.images.length).toBe(10);
  expect([...(clothes.labels ?? [])]).toEqual(range(10));
  await expect(loadDataset('mnist:test[10000]', { shape: [1, 784] })).rejects.toThrow(/FHE0903.*there are 10000/);
});

const file = { 'x.npy': writeNpy([2, 4], numbers(range(8))) };

test.each<[string, Readonly<Record<string, Uint8Array>>, string, LoadOptions, string]>([
  ['no such file', {}, 'x.npy', { shape: [1, 4] }, 'FHE0902'],
  ['no known format', { 'x.dat': Uint8Array.of(1, 2, 3) }, 'x.dat', { shape: [1, 4] }, 'FHE0903'],
  ['an empty file', { 'x.npy': new Uint8Array(0) }, 'x.npy', { shape: [1, 4] }, 'FHE0903'],
  ['an empty folder', { 'f/x.txt': new Uint8Array(0) }, 'f', { shape: [1, 4] }, 'FHE0903'],
  ['another shape', file, 'x.npy', { shape: [1, 5] }, 'FHE0903'],
  [
    'a transposed shape',
    { 'x.npy': writeNpy([1, 2, 3, 4], numbers(range(24))) },
    'x.npy',
    { shape: [1, 4, 2, 3] },
    'FHE0903',
  ],
  ['an item past the end', file, 'x.npy[2]', { shape: [1, 4] }, 'FHE0903'],
  ['an empty range', file, 'x.npy[1:1]', { shape: [1, 4] }, 'FHE0901'],
  ['a bare bracket', file, 'x.npy[]', { shape: [1, 4] }, 'FHE0901'],
  [
    'labels of another number',
    { ...file, 'y.npy': writeNpy([3], numbers([0, 1, 2])) },
    'x.npy',
    { shape: [1, 4], labels: 'y.npy' },
    'FHE0903',
  ],
  [
    'labels that are no classes',
    { ...file, 'y.npy': writeNpy([2], numbers([0, 1.5])) },
    'x.npy',
    { shape: [1, 4], labels: 'y.npy' },
    'FHE0903',
  ],
  ['a zero scale', file, 'x.npy', { shape: [1, 4], scale: 0 }, 'FHE0901'],
  ['a zero deviation', file, 'x.npy', { shape: [1, 4], std: [0] }, 'FHE0901'],
  ['means of other channels', file, 'x.npy', { shape: [1, 4], mean: [1, 2] }, 'FHE0901'],
  ['an image of another size', { 'a.png': greyPng(0) }, 'a.png', { shape: [1, 1, 3, 3] }, 'FHE0903'],
  [
    'a coloured image for one channel',
    { 'a.png': png(2, 2, () => [1, 2, 3, 255]) },
    'a.png',
    { shape: [1, 1, 2, 2] },
    'FHE0903',
  ],
  ['a transparent image', { 'a.png': png(2, 2, () => [1, 1, 1, 9]) }, 'a.png', { shape: [1, 1, 2, 2] }, 'FHE0903'],
  ['half a CIFAR record', { 'a.bin': new Uint8Array(3074) }, 'a.bin', { shape: [1, 3, 32, 32] }, 'FHE0903'],
  ['a CIFAR label of 10', { 'a.bin': new Uint8Array(3073).fill(10) }, 'a.bin', { shape: [1, 3, 32, 32] }, 'FHE0903'],
])('%s: refused', async (_, files, spec, options, code) => {
  await expect(load(files, spec, options)).rejects.toThrow(code);
});

test('numbers of an option', () => {
  expect(parseNumbers('0.5, -1,2e3', '--mean')).toEqual([0.5, -1, 2000]);
  for (const bad of ['', '1,', 'x', '1;2', 'Infinity']) expect(() => parseNumbers(bad, '--mean')).toThrow('FHE0901');
});
