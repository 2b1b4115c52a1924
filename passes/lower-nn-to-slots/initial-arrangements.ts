import { arrangeOnGrid, rowMajorArrangement, type Arrangement } from './arrangement.ts';
import type { LayoutGraph } from './layout-groups.ts';

/** The dimension of each slot bit. */
const placesOf = (arrangement: Arrangement): number[] =>
  arrangement.flatMap((a) => new Array<number>(a.width).fill(a.dimension));

/**
 * Front to back: each linear map keeps the grid of its operand; where it shrinks a dimension by a stride, the lowest bits of the
 * dimension become gaps (multiplexed packing: Lee et al., ICML 2022, section 4).
 */
export function initialArrangements(graph: LayoutGraph, slots: number): Arrangement[] {
  const result: (Arrangement | undefined)[] = graph.groups.map(() => undefined);
  for (const edge of graph.edges) {
    for (const o of edge.operands) result[o] ??= rowMajorArrangement(graph.groups[o].shape, slots);
    const shape = graph.groups[edge.result].shape;
    const from = edge.operands[0];
    const parent = from === undefined ? undefined : result[from];
    if (result[edge.result] || !parent) continue;
    const parentShape = graph.groups[from].shape;
    if (parentShape.length !== shape.length || shape.length < 2) continue;
    const places = placesOf(parent);
    shape.forEach((extent, d) => {
      const stride = d === 0 ? 1 : 2 ** Math.round(Math.log2(parentShape[d] / extent));
      for (let gap = 1, at = places.indexOf(d); gap < stride && at >= 0; gap *= 2, at = places.indexOf(d))
        places[at] = -1;
      if (d === 0) places.forEach((p, i) => (places[i] = p === 0 ? -1 : p));
    });
    result[edge.result] = arrangeOnGrid(shape, places, slots);
  }
  return result.map((a, g) => a ?? rowMajorArrangement(graph.groups[g].shape, slots));
}
