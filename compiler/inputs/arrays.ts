import { elementCount } from '../../ir/tensor.ts';
import { readNpy } from './npy.ts';
import { badInput, toLabels, withoutOnes, type ArrayData, type ItemSource } from './source.ts';
import { readZip } from './zip.ts';

/** Names under which archives hold inputs and labels when the user names none. */
const inputKeys = ['x', 'images', 'inputs', 'data', 'x_test', 'x_train', 'arr_0'];
const labelKeys = ['y', 'labels', 'targets', 'y_test', 'y_train', 'arr_1'];

export interface ArchiveKeys {
  readonly x?: string | undefined;
  readonly y?: string | undefined;
}

/**
 * An array as items: the first dimension counts them. When the whole array is one input (`input` is the shape of
 * one; ones do not count, and either may be flat), it is one item.
 */
export function arraySource(array: ArrayData, input: readonly number[], name: string, labels?: Int32Array): ItemSource {
  const { shape, data } = array;
  const dimensions = (s: readonly number[]): number => s.filter((d) => d !== 1).length;
  const flat = data.length === elementCount(input) && Math.min(dimensions(shape), dimensions(input)) <= 1;
  const single = flat || withoutOnes(shape) === withoutOnes(input);
  const [count, itemShape] = single ? [1, shape] : [shape[0] ?? 1, shape.slice(1)];
  const size = count === 0 ? 0 : data.length / count;
  if (labels && labels.length !== count) badInput(name, `${labels.length} labels for ${count} inputs`);
  return {
    name,
    count,
    shape: itemShape,
    pixels: false,
    ...(labels ? { labels } : {}),
    read: (i) => ({ shape: itemShape, data: data.slice(i * size, (i + 1) * size) }),
  };
}

/** A .npz archive: inputs under the key `x` (or a usual name), labels, when there are any, under `y`. Errors: FHE0903. */
export function readNpz(bytes: Uint8Array, name: string, input: readonly number[], keys: ArchiveKeys): ItemSource {
  const members = readZip(bytes, name);
  const available = [...members.keys()].map((m) => m.replace(/\.npy$/, ''));
  const find = (wanted: string | undefined, usual: readonly string[]): string | undefined => {
    const key = wanted ?? usual.find((k) => available.includes(k));
    if (wanted !== undefined && !available.includes(wanted))
      badInput(name, `the archive has no array '${wanted}'; it has ${available.join(', ')}`);
    return key;
  };
  const read = (key: string): ArrayData => {
    const bytesOf = members.get(`${key}.npy`) ?? members.get(key);
    return bytesOf ? readNpy(bytesOf, `${name}:${key}`) : badInput(name, `the archive has no array '${key}'`);
  };
  const x =
    find(keys.x, inputKeys) ??
    badInput(name, `which array holds the inputs? Name it with --x-key: ${available.join(', ')}`);
  const y = find(keys.y, labelKeys);
  return arraySource(read(x), input, name, y === undefined ? undefined : toLabels(read(y).data, `${name}:${y}`));
}
