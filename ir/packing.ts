import { copyOffsets, layoutSlots, layoutVectors, type Layout } from './layout.ts';

/** The vectors of `slots` numbers that hold a tensor in a layout, copies included: `at` gives each element by its flat index; other slots are 0. */
export function packVectors(layout: Layout, slots: number, at: (element: number) => number): Float64Array[] {
  const vectors = Array.from({ length: layoutVectors(layout, slots) }, () => new Float64Array(slots));
  const offsets = copyOffsets(layout);
  layoutSlots(layout).forEach((slot, element) => {
    const value = at(element);
    for (const offset of offsets) vectors[Math.floor((slot + offset) / slots)][(slot + offset) % slots] = value;
  });
  return vectors;
}
