import { fail } from '../diagnostics.ts';
import type { Container } from './container.ts';
import type { Constants } from './program.ts';

/** Where the constants of a model lie in its file, by how they are stored. */
export const constantSections = { rounded: 'constants', exact: 'exactConstants' } as const;

/** Whether a constant loses nothing as 32-bit floats: it is stored so. */
export function isRounded(vector: Float64Array): boolean {
  for (let i = 0; i < vector.length; i++) if (Math.fround(vector[i]) !== vector[i]) return false;
  return true;
}

/**
 * Whether constants of this length keep all their bits when a program is made. Vectors of real slots are rounded to 32-bit floats, as complex weights are
 * before: their rounding, 2^-24 relative, is less than the noise of secure parameters. Single numbers cost nothing, and the complex vectors left are the
 * transforms of bootstraps, which meet values a thousand times larger than the message.
 */
export const isExact = (length: number, slots: number): boolean => length !== slots;

/** A constant as a program holds it. */
export const asStored = (vector: Float64Array, slots: number): Float64Array =>
  isExact(vector.length, slots) ? vector : new Float64Array(new Float32Array(vector));

/** The constants of a model in its file, each read when it is asked for: a deep network has gigabytes of them. */
export class StoredConstants implements Constants {
  readonly #container: Container;
  readonly #lengths: readonly number[];
  readonly #exact: ReadonlySet<number>;
  /** Of each constant: the byte of its section at which it begins. */
  readonly #offsets: Float64Array;

  /** Goes through all of them once; `exact`: which ones are stored with all their bits. Errors: FHE0702 when they are damaged, or not finite. */
  constructor(container: Container, lengths: readonly number[], exact: readonly number[]) {
    this.#container = container;
    this.#lengths = lengths;
    this.#exact = new Set(exact);
    const end = { rounded: 0, exact: 0 };
    this.#offsets = Float64Array.from(lengths, (length, i) => {
      const kind = this.#kindOf(i);
      const at = end[kind];
      end[kind] += length * wordBytes[kind];
      return at;
    });
    for (const kind of ['rounded', 'exact'] as const) {
      const name = constantSections[kind];
      if (container.sectionLength(name) !== end[kind])
        fail('FHE0702', `model: section '${name}' has ${container.sectionLength(name)} bytes, not ${end[kind]}`);
      container.scan(name, (bytes) => {
        if (!allFinite(wordsOf(bytes, kind))) fail('FHE0702', 'model: a constant is not finite');
      });
    }
  }

  get length(): number {
    return this.#lengths.length;
  }

  at(index: number): Float64Array | undefined {
    const length = this.#lengths[index];
    if (length === undefined) return undefined;
    const kind = this.#kindOf(index);
    const bytes = this.#container.part(constantSections[kind], this.#offsets[index], length * wordBytes[kind]);
    return new Float64Array(wordsOf(bytes, kind));
  }

  *[Symbol.iterator](): Iterator<Float64Array> {
    for (let i = 0; i < this.length; i++) yield this.at(i) ?? new Float64Array(0);
  }

  #kindOf(index: number): keyof typeof wordBytes {
    return this.#exact.has(index) ? 'exact' : 'rounded';
  }
}

const wordBytes = { rounded: 4, exact: 8 } as const;

function wordsOf(bytes: Uint8Array, kind: keyof typeof wordBytes): Float32Array | Float64Array {
  const words = (buffer: ArrayBufferLike, at: number, count: number): Float32Array | Float64Array =>
    kind === 'exact' ? new Float64Array(buffer, at, count) : new Float32Array(buffer, at, count);
  const { buffer, byteOffset, length } = bytes;
  const aligned = byteOffset % wordBytes[kind] === 0;
  return aligned
    ? words(buffer, byteOffset, length / wordBytes[kind])
    : words(new Uint8Array(bytes).buffer, 0, length / wordBytes[kind]);
}

function allFinite(words: Float32Array | Float64Array): boolean {
  // The difference of a number with itself is zero, unless it is not finite.
  let sum = 0;
  for (let i = 0; i < words.length; i++) sum += words[i] - words[i];
  return sum === 0;
}
