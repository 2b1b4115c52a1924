import { fail } from '../../ir/diagnostics.ts';

/** What a reader finds in a file before it is fitted to a model: items of one shape, read one at a time. */
export interface ItemSource {
  /** How messages call it: the path, or the name of the data set. */
  readonly name: string;
  readonly count: number;
  /** Shape of one item; absent when only the reading of an item tells it. */
  readonly shape?: readonly number[];
  /** True for pixels in 0..255, which are divided by 255 unless the user says otherwise. */
  readonly pixels: boolean;
  readonly labels?: Int32Array;
  /** Item i, row-major. A fresh array, finite numbers only. Errors: FHE0903. */
  readonly read: (i: number) => { readonly shape: readonly number[]; readonly data: Float64Array };
}

/** The numbers of an array file, row-major. */
export interface ArrayData {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Throws FHE0903: what is wrong with the data called `name`. */
export function badInput(name: string, message: string): never {
  return fail('FHE0903', `${name}: ${message}`);
}

/** The largest file that is read: what a Buffer holds. */
export const maxFileBytes = 2 ** 31 - 1;

/** The most numbers that one array or one selection of images may have (1 GiB of doubles). */
export const maxElements = 2 ** 27;

/** The product of the dimensions; FHE0903 when it exceeds {@link maxElements}. */
export function boundedCount(shape: readonly number[], name: string): number {
  let count = 1;
  for (const d of shape) {
    count *= d;
    // Zero dimensions must not hide impossible ones.
    if (d > maxElements || count > maxElements) badInput(name, `shape [${shape.join(', ')}] has too many elements`);
  }
  return count;
}

/** Whole non-negative class numbers; FHE0903 for anything else. */
export function toLabels(numbers: ArrayLike<number>, name: string): Int32Array {
  const labels = new Int32Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i];
    if (!Number.isInteger(value) || value < 0 || value > 0x7fffffff) {
      badInput(name, `label ${i} is ${value}; labels are whole numbers from 0`);
    }
    labels[i] = value;
  }
  return labels;
}

/** A shape as text without dimensions of 1: shapes that agree in it hold the same numbers in the same order. */
export const withoutOnes = (shape: readonly number[]): string => shape.filter((d) => d !== 1).join('x');
