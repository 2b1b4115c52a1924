import { elementCount } from './tensor.ts';

/**
 * Which slot holds which element of a flattened (row-major) tensor. The flat index is written in mixed radix, slowest digit
 * first; digit i (0 <= digit < extent) adds digit * stride to the slot. Row-major and multiplexed layouts (Lee et al., ICML 2022,
 * section 4: channels in the gaps that strides leave) are both of this form, and a reshape does not change it.
 *
 * A slot number at or above the vector's length means a further vector: slot s lies in vector floor(s / slots) at s mod slots.
 * `copies` lists further positions with the same content: each copy digit adds a multiple of its stride.
 */
export interface Layout {
  /** Elements held; may be less than the product of the extents (the slowest digit may be cut short). */
  readonly size: number;
  readonly digits: readonly Digit[];
  /** Replication: every element also stands at slot + k * stride, 0 < k < extent, for each copy digit. */
  readonly copies: readonly Digit[];
}

export interface Digit {
  readonly extent: number;
  readonly stride: number;
}

/** Row-major: element i in slot i. */
export function rowMajorLayout(size: number): Layout {
  return { size, digits: [{ extent: size, stride: 1 }], copies: [] };
}

/** The first slot (copy 0) of each element, by flat index. */
export function layoutSlots(layout: Layout): Int32Array {
  const { digits, size } = layout;
  const result = new Int32Array(size);
  // The fastest digit first: each one repeats what there is at multiples of its stride. Layout search comes here often.
  let filled = 1;
  for (let d = digits.length - 1; d >= 0; d--) {
    const { stride } = digits[d];
    const end = d === 0 ? size : Math.min(size, filled * digits[d].extent);
    for (let i = filled; i < end; i++) result[i] = result[i - filled] + stride;
    filled = Math.max(filled, end);
  }
  return result;
}

/** The offsets of all copies, 0 first. */
export function copyOffsets(layout: Layout): readonly number[] {
  return layout.copies.reduce<number[]>(
    (all, { extent, stride }) => Array.from({ length: extent }, (_, k) => all.map((o) => o + k * stride)).flat(),
    [0],
  );
}

/** One more than the largest slot used by copy 0. */
export function layoutSpan(layout: Layout): number {
  return layout.size === 0 ? 0 : layoutSlots(layout).reduce((m, s) => Math.max(m, s), 0) + 1;
}

/** How many vectors of `slots` slots the layout needs. */
export function layoutVectors(layout: Layout, slots: number): number {
  return Math.ceil(layoutSpan(layout) / slots);
}

/** `3136: 4@1024 2@32 14@64` and, for copies, ` x 8@1024`. */
export function formatLayout(layout: Layout): string {
  const list = (digits: readonly Digit[]): string => digits.map((d) => `${d.extent}@${d.stride}`).join(' ');
  return `${layout.size}: ${list(layout.digits)}${layout.copies.length > 0 ? ` x ${list(layout.copies)}` : ''}`;
}

/** Reads what {@link formatLayout} prints; undefined when the text is not a layout. */
export function parseLayout(text: string): Layout | undefined {
  const match = /^(\d+):((?: \d+@\d+)+)(?: x((?: \d+@\d+)+))?$/.exec(text);
  if (!match) return undefined;
  const list = (part: string | undefined): Digit[] =>
    (part ?? '')
      .trim()
      .split(' ')
      .filter((t) => t !== '')
      .map((t) => {
        const [extent, stride] = t.split('@').map(Number);
        return { extent, stride };
      });
  const layout = { size: Number(match[1]), digits: list(match[2]), copies: list(match[3]) };
  const inner = elementCount(layout.digits.slice(1).map((d) => d.extent));
  const fits =
    layout.size <= inner * layout.digits[0].extent && [...layout.digits, ...layout.copies].every((d) => d.extent > 0);
  return fits ? layout : undefined;
}
