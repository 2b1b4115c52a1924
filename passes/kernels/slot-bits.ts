import { layoutSpan, type Digit, type Layout } from '../../ir/layout.ts';

/** Binary digits of a slot number in a vector of `slots` slots (a power of two). Sets of them are bit masks below `slots`. */
export const bitCount = (slots: number): number => 31 - Math.clz32(slots);

const isPowerOfTwo = (n: number): boolean => n > 0 && (n & (n - 1)) === 0;

/** The least power of two not below n. */
export const powerOfTwoFrom = (n: number): number => (n <= 1 ? 1 : 2 ** (32 - Math.clz32(n - 1)));

/** True when every digit of the layout has its own bits: strides are powers of two, and digits do not overlap. */
function isBitwise(layout: Layout): boolean {
  const ranges = layout.digits.filter((d) => d.extent > 1).sort((a, b) => a.stride - b.stride);
  return ranges.every(
    (d, i) =>
      isPowerOfTwo(d.stride) &&
      (i + 1 === ranges.length || d.stride * powerOfTwoFrom(d.extent) <= ranges[i + 1].stride),
  );
}

/** The slot bits in which the elements of copy 0 differ; all bits up to the span when digits share bits. */
export function usedBits(layout: Layout, slots: number): number {
  const all = slots - 1;
  if (!isBitwise(layout)) return (powerOfTwoFrom(layoutSpan(layout)) - 1) & all;
  return layout.digits.reduce((mask, d) => mask | ((powerOfTwoFrom(d.extent) - 1) * d.stride), 0) & all;
}

/** The slot bits over which the content repeats. Copies at other distances than powers of two are not counted. */
export function copyBits(layout: Layout, slots: number): number {
  const unused = (slots - 1) & ~usedBits(layout, slots);
  return (
    layout.copies.reduce(
      (mask, d) =>
        isPowerOfTwo(d.stride) && isPowerOfTwo(d.extent) && d.stride < slots
          ? mask | ((d.extent - 1) * d.stride)
          : mask,
      0,
    ) & unused
  );
}

/** Copy digits for a set of bits, runs of bits joined. */
export function copiesOfBits(mask: number): Digit[] {
  const copies: Digit[] = [];
  for (let rest = mask; rest !== 0;) {
    const stride = rest & -rest;
    let extent = 1;
    while (rest & (stride * extent)) extent *= 2;
    copies.push({ extent, stride });
    rest &= ~((extent - 1) * stride);
  }
  return copies;
}

/** The run of bits of `mask` that ends at the highest slot bit: rotations by these wrap round within it. */
export function topRun(mask: number, slots: number): number {
  let run = 0;
  for (let bit = slots / 2; bit >= 1 && (mask & bit) !== 0; bit /= 2) run |= bit;
  return run;
}

/** The period of a vector that repeats over the bits of `mask`: it wraps round within those that end at the highest slot bit. */
export function periodOfBits(mask: number, slots: number): number {
  const run = topRun(mask, slots);
  return run === 0 ? slots : run & -run;
}

/** All sums of bits of `mask`, 0 first. */
export function subsetsOf(mask: number): number[] {
  const subsets = [0];
  for (let subset = (0 - mask) & mask; subset !== 0; subset = (subset - mask) & mask) subsets.push(subset);
  return subsets;
}
