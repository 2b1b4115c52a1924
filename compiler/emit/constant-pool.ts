import { asStored } from '../../ir/program/stored-constants.ts';

/** Vectors as a file holds them, so that a program means the same before and after; numbered by content: equal bits, equal number. */
export class ConstantPool {
  readonly #slots: number;
  readonly #constants: Float64Array[] = [];
  readonly #byHash = new Map<number, number[]>();
  /** Vectors seen before, as the very same array. */
  readonly #seen = new Map<Float64Array, number>();

  constructor(slots: number) {
    this.#slots = slots;
  }

  get constants(): readonly Float64Array[] {
    return this.#constants;
  }

  /** The number of the vector, new or known. */
  add(vector: Float64Array): number {
    const number = this.#seen.get(vector) ?? this.#number(asStored(vector, this.#slots));
    this.#seen.set(vector, number);
    return number;
  }

  #number(vector: Float64Array): number {
    const hash = hashBits(vector);
    const candidates = this.#byHash.get(hash) ?? [];
    const known = candidates.find((i) => sameBits(this.#constants[i], vector));
    if (known !== undefined) return known;
    this.#byHash.set(hash, [...candidates, this.#constants.length]);
    return this.#constants.push(vector) - 1;
  }
}

const words = (v: Float64Array): Uint32Array => new Uint32Array(v.buffer, v.byteOffset, v.length * 2);

/** FNV-1a over 32-bit words. */
function hashBits(vector: Float64Array): number {
  let hash = 0x811c9dc5;
  const all = words(vector);
  for (let i = 0; i < all.length; i++) hash = Math.imul(hash ^ all[i], 0x01000193);
  return hash >>> 0;
}

function sameBits(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  const x = words(a);
  const y = words(b);
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return false;
  return true;
}
