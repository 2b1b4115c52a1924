import { PIXELS, type Split } from './data.ts';
import type { Random } from './random.ts';
import type { Recipe } from './spec.ts';

const SIDE = 28;

/**
 * Copies the images `order[start..start+count)` into a fresh batch [count, 1, 28, 28], each shifted and perhaps
 * mirrored at random; what a shift uncovers is zero, the background of both data sets.
 */
export function augmentedBatch(
  split: Split,
  order: Uint32Array,
  start: number,
  count: number,
  recipe: Recipe,
  random: Random,
): { images: Float32Array; labels: Uint8Array } {
  const images = new Float32Array(count * PIXELS);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const source = order[start + i];
    labels[i] = split.labels[source]!;
    const down = random.integer(-recipe.shift, recipe.shift);
    const right = random.integer(-recipe.shift, recipe.shift);
    const mirror = recipe.flip && random.next() < 0.5;
    for (let row = Math.max(0, down); row < SIDE + Math.min(0, down); row++) {
      const from = source * PIXELS + (row - down) * SIDE;
      const to = i * PIXELS + row * SIDE;
      for (let column = Math.max(0, right); column < SIDE + Math.min(0, right); column++) {
        const original = column - right;
        images[to + column] = split.images[from + (mirror ? SIDE - 1 - original : original)]!;
      }
    }
  }
  return { images, labels };
}
