import type { Layout } from '../../ir/layout.ts';
import { bitCount, copiesOfBits, powerOfTwoFrom } from '../kernels/slot-bits.ts';

/**
 * A part of one dimension of a tensor, or a free place. Dimensions are cut into factors of two and the odd rest, which stays the
 * most significant part, so that any part can take any bits of the slot number: row-major grids, grids with gaps, multiplexed
 * channels and phases of strides are all orders of the same atoms.
 */
export interface Atom {
  /** The dimension, or -1 for a free bit. */
  readonly dimension: number;
  /** 0 is the least significant part of its dimension. */
  readonly part: number;
  readonly extent: number;
  /** Slot bits taken: ceil(log2(extent)). */
  readonly width: number;
}

/** The atoms of a tensor from the lowest slot bits up. Each takes its own bits; atoms above the slots' bits choose the vector. */
export type Arrangement = readonly Atom[];

export const freeBit: Atom = { dimension: -1, part: 0, extent: 1, width: 1 };

/** The atoms of one dimension, least significant first. */
export function dimensionAtoms(dimension: number, extent: number): Atom[] {
  const atoms: Atom[] = [];
  let rest = extent;
  for (; rest > 1 && rest % 2 === 0; rest /= 2) atoms.push({ dimension, part: atoms.length, extent: 2, width: 1 });
  if (rest > 1) atoms.push({ dimension, part: atoms.length, extent: rest, width: bitCount(powerOfTwoFrom(rest)) });
  return atoms;
}

const widthOf = (atoms: Arrangement): number => atoms.reduce((n, a) => n + a.width, 0);

/** Row-major, padded to powers of two, with free bits above. */
export function rowMajorArrangement(shape: readonly number[], slots: number): Arrangement {
  const atoms = shape.flatMap((extent, d) => dimensionAtoms(d, extent).map((atom) => ({ atom, d })));
  const ordered = atoms.sort((a, b) => b.d - a.d || a.atom.part - b.atom.part).map((a) => a.atom);
  return fill(ordered, slots);
}

/** The arrangement with free bits appended until it has the slots' bits. */
function fill(atoms: Arrangement, slots: number): Arrangement {
  const missing = Math.max(0, bitCount(slots) - widthOf(atoms));
  return [...atoms, ...new Array<Atom>(missing).fill(freeBit)];
}

/**
 * The arrangement of a tensor of `shape` on the places that a grid gives: each place names a dimension (or -1), from the lowest
 * bit; the atoms of a dimension take its places in order, and what has no place fills the free ones.
 */
export function arrangeOnGrid(shape: readonly number[], places: readonly number[], slots: number): Arrangement {
  const waiting = shape.map((extent, d) => dimensionAtoms(d, extent));
  const result: Atom[] = [];
  for (let i = 0; i < places.length; i++) {
    const next = places[i] >= 0 ? waiting[places[i]]?.shift() : undefined;
    result.push(next ?? freeBit);
    if (next) i += next.width - 1;
  }
  const left = waiting.flat().sort((a, b) => b.dimension - a.dimension || a.part - b.part);
  return compress([...result, ...left], slots);
}

/** The atoms in their order; while they take more than the slots' bits, the highest move into free places, and free places go. */
export function compress(atoms: Arrangement, slots: number): Arrangement {
  const result = [...atoms];
  while (widthOf(result) > bitCount(slots)) {
    const free = result.findIndex((a) => a.dimension < 0);
    if (free < 0) break;
    const last = result.at(-1);
    if (last && last.dimension >= 0 && last.width === 1) result[free] = last;
    else if (last && last.dimension >= 0) {
      result.splice(
        result.findLastIndex((a) => a.dimension < 0),
        1,
      );
      continue;
    }
    result.pop();
  }
  return fill(result, slots);
}

/** The layout of an arrangement; with `copied` every free bit repeats the content. */
export function arrangementLayout(arrangement: Arrangement, size: number, copied = false): Layout {
  let stride = 1;
  let free = 0;
  const placed: (Atom & { readonly stride: number })[] = [];
  for (const atom of arrangement) {
    if (atom.dimension < 0) free |= stride;
    else placed.push({ ...atom, stride });
    stride *= 2 ** atom.width;
  }
  const digits: { extent: number; stride: number }[] = [];
  for (const atom of placed.sort((a, b) => a.dimension - b.dimension || b.part - a.part)) {
    const last = digits.at(-1);
    // Joined with the part above it when that continues where this one ends.
    if (last && last.stride === atom.stride * atom.extent) {
      digits[digits.length - 1] = { extent: last.extent * atom.extent, stride: atom.stride };
    } else digits.push({ extent: atom.extent, stride: atom.stride });
  }
  if (digits.length === 0) digits.push({ extent: 1, stride: 1 });
  return { size, digits, copies: copied ? copiesOfBits(free) : [] };
}

export const arrangementKey = (arrangement: Arrangement): string =>
  arrangement.map((a) => (a.dimension < 0 ? '_' : `${a.dimension}.${a.part}`)).join(' ');
