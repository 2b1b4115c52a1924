import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fail } from '../../ir/diagnostics.ts';
import { arraySource, readNpz, type ArchiveKeys } from './arrays.ts';
import { cifarSource } from './cifar.ts';
import { gunzip } from './gzip.ts';
import { isIdx, idxSource, readIdxLabels } from './idx.ts';
import { isJpeg, isPng } from './image.ts';
import { folderSource, imageFilesSource, readBytes } from './image-files.ts';
import { datasetNames, namedSource } from './named.ts';
import { isNpy, readNpy } from './npy.ts';
import { badInput, toLabels, type ItemSource } from './source.ts';
import { isZip } from './zip.ts';

export interface OpenOptions {
  /** The model's input shape. */
  readonly shape: readonly number[];
  readonly keys?: ArchiveKeys;
  /** A file of labels (.npy or IDX), for formats that hold none. */
  readonly labels?: string | undefined;
}

/** Opens inputs by what the file holds, not by its name alone. Errors: FHE0902, FHE0903. */
export function openSource(path: string, options: OpenOptions): ItemSource {
  const source = openUnlabelled(path, options);
  if (options.labels === undefined) return source;
  const labels = readLabels(options.labels);
  if (labels.length !== source.count) badInput(options.labels, `${labels.length} labels for ${source.count} inputs`);
  return { ...source, labels };
}

function openUnlabelled(path: string, { shape, keys = {} }: OpenOptions): ItemSource {
  const known = datasetNames.find((name) => name === path);
  if (known) return namedSource(known);
  if (!existsSync(path)) {
    const hint = /^\w+:\w+$/.test(path) ? `; data sets by name are ${datasetNames.join(', ')}` : '';
    fail('FHE0902', `'${path}' does not exist${hint}`);
  }
  if (statSync(path).isDirectory()) return folderSource(path, shape);
  const bytes = gunzip(readBytes(path), path);
  if (isNpy(bytes)) return arraySource(readNpy(bytes, path), shape, path);
  if (isZip(bytes)) return readNpz(bytes, path, shape, keys);
  if (isPng(bytes) || isJpeg(bytes)) return imageFilesSource([{ path }], path, shape);
  // CIFAR's first byte is a label, and a label of 0 could begin an IDX file: the extension decides.
  if (/\.bin(\.gz)?$/i.test(path)) return cifarSource(bytes, path);
  if (isIdx(bytes)) return idxSource(bytes, path, siblingLabels(path));
  return badInput(path, 'neither .npy, .npz, PNG, JPEG, IDX nor CIFAR-10 binary (.bin)');
}

/** Labels from a .npy or IDX file. */
function readLabels(path: string): Int32Array {
  const bytes = gunzip(readBytes(path), path);
  return isNpy(bytes) ? toLabels(readNpy(bytes, path).data, path) : readIdxLabels(bytes, path);
}

/** The labels that lie beside the images of an IDX pair, as MNIST names them. */
function siblingLabels(path: string): Int32Array | undefined {
  const name = basename(path);
  if (!/images[-.]idx\d/.test(name)) return undefined;
  const stem = name.replace(/images([-.])idx\d/, 'labels$1idx1').replace(/\.gz$/, '');
  const found = [stem, `${stem}.gz`].map((n) => join(dirname(path), n)).find((p) => existsSync(p));
  return found === undefined ? undefined : readLabels(found);
}
