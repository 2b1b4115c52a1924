import * as fc from 'fast-check';
import { gzipSync, zipSync } from 'fflate';
import { encode as encodeJpeg } from 'jpeg-js';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { expect, test } from 'vitest';
import { loadDataset } from '../../../compiler/inputs/load.ts';
import { writeNpy } from '../../../compiler/inputs/npy.ts';
import { FhecError } from '../../../ir/diagnostics.ts';
import { folderOf, idxFile, range } from './files.ts';

const image = new PNG({ width: 8, height: 8 });
image.data.forEach((_, i) => (image.data[i] = i % 4 === 3 ? 255 : Math.floor(i / 4)));
const array = writeNpy([2, 1, 8, 8], Float64Array.from(range(128)));
const idx = idxFile([2, 8, 8], range(128));

/** One file of each kind; `checked` formats carry checksums, so a mutant that loads must load the same numbers. */
const files: readonly { name: string; bytes: Uint8Array; checked: boolean }[] = [
  { name: 'x.npy', bytes: array, checked: false },
  { name: 'x.npz', bytes: zipSync({ 'x.npy': array, 'y.npy': writeNpy([2], Float64Array.of(1, 2)) }), checked: true },
  { name: 'x.idx', bytes: idx, checked: false },
  { name: 'x.idx.gz', bytes: gzipSync(idx), checked: true },
  { name: 'x.png', bytes: Uint8Array.from(PNG.sync.write(image)), checked: true },
  {
    name: 'x.jpg',
    bytes: Uint8Array.from(encodeJpeg({ width: 8, height: 8, data: image.data }, 90).data),
    checked: false,
  },
  { name: 'x.bin', bytes: new Uint8Array(3073).fill(5), checked: false },
];

const folder = folderOf({});

test.each(files)('a damaged $name gives an error with a code, or finite numbers', async ({ name, bytes, checked }) => {
  const shape = name === 'x.bin' ? [1, 3, 32, 32] : [1, 1, 8, 8];
  const path = join(folder, name);
  writeFileSync(path, bytes);
  const intact = await loadDataset(path, { shape });
  const change = fc.record({ at: fc.nat(bytes.length - 1), to: fc.integer({ min: 0, max: 255 }) });
  const mutant = fc.record({
    changes: fc.array(change, { minLength: 1, maxLength: 4 }),
    keep: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
  });
  await fc.assert(
    fc.asyncProperty(mutant, async ({ changes, keep }) => {
      const damaged = bytes.slice(0, Math.round(keep * bytes.length));
      for (const { at, to } of changes) if (at < damaged.length) damaged[at] = to;
      writeFileSync(path, damaged);
      try {
        const { images } = await loadDataset(path, { shape });
        expect(images.every((i) => i.every(Number.isFinite))).toBe(true);
        if (checked) expect(images).toEqual(intact.images);
      } catch (error) {
        if (!(error instanceof FhecError)) throw error;
        expect(error.message).toMatch(/FHE090[23]/);
      }
    }),
    { numRuns: 400 },
  );
});
