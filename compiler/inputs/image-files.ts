import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail } from '../../ir/diagnostics.ts';
import { elementCount } from '../../ir/tensor.ts';
import { readImage, toPlanes } from './image.ts';
import { badInput, maxFileBytes, type ItemSource } from './source.ts';

const imageName = /\.(png|jpe?g)$/i;

/** Reads a whole file. Errors: FHE0902, FHE0903 for more bytes than a file of inputs may have. */
export function readBytes(path: string): Uint8Array {
  try {
    if (statSync(path).size > maxFileBytes) badInput(path, `the file is larger than ${maxFileBytes} bytes`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return fail('FHE0902', error.message);
    throw error;
  }
}

/** Images as items [channels, height, width]; each is decoded when it is read. `input` is the model's input shape. */
export function imageFilesSource(
  files: readonly { readonly path: string; readonly label?: number }[],
  name: string,
  input: readonly number[],
): ItemSource {
  const labelled = files.length > 0 && files.every((f) => f.label !== undefined);
  return {
    name,
    count: files.length,
    pixels: true,
    ...(labelled ? { labels: Int32Array.from(files, (f) => f.label ?? 0) } : {}),
    read: (i) => {
      const { path } = files[i];
      const pixels = readImage(readBytes(path), path);
      const channels = channelsOf(pixels, input, path);
      const planes = toPlanes(pixels, channels, path);
      return { shape: [channels, pixels.height, pixels.width], data: planes };
    },
  };
}

/** One channel or three, by the number of elements that the model takes. */
function channelsOf(
  { width, height }: { width: number; height: number },
  input: readonly number[],
  path: string,
): 1 | 3 {
  const channels = elementCount(input) / (width * height);
  if (channels === 1 || channels === 3) return channels;
  return badInput(path, `an image of ${width} x ${height} pixels; the model takes [${input.join(', ')}]`);
}

/**
 * A folder of PNG and JPEG files, in the order of their names. Images in sub-folders are labelled: by the folder's name where all names are
 * numbers, else by the rank of the name in alphabetical order, as torchvision's ImageFolder does. The classes take turns, so that the first
 * images are some of each: a calibration must not see one class only. Errors: FHE0902, FHE0903.
 */
export function folderSource(path: string, input: readonly number[]): ItemSource {
  const entries = readdirSync(path, { withFileTypes: true });
  const imagesIn = (folder: string): string[] =>
    readdirSync(folder)
      .filter((f) => imageName.test(f))
      .sort(byName)
      .map((f) => join(folder, f));
  const classes = entries
    .filter((e) => e.isDirectory())
    .map((e) => e.name)
    .sort();
  const loose = imagesIn(path);
  if (loose.length > 0)
    return imageFilesSource(
      loose.map((p) => ({ path: p })),
      path,
      input,
    );
  const numeric = classes.every((c) => /^\d{1,9}$/.test(c));
  const files = classes
    .flatMap((c, rank) =>
      imagesIn(join(path, c)).map((p, turn) => ({ path: p, turn, label: numeric ? Number(basename(c)) : rank })),
    )
    .sort((a, b) => a.turn - b.turn);
  if (files.length === 0) badInput(path, 'the folder holds no PNG or JPEG images, and no sub-folder does');
  return imageFilesSource(files, path, input);
}

/** Names with numbers in the order of the numbers, the same on every machine. */
const byName = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });
