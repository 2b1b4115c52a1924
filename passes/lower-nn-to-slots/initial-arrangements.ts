import { arrangeOnGrid, compress, dimensionAtoms, freeBit, rowMajorArrangement } from './arrangement.ts';
import type { Arrangement, Atom } from './arrangement.ts';
import { bitCount } from '../kernels/slot-bits.ts';
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

/** log2 of the strides between each group and the end of the network, by dimension. */
function stridesAhead(graph: LayoutGraph): number[][] {
  const ahead = graph.groups.map((g) => g.shape.map(() => 0));
  for (const edge of [...graph.edges].reverse()) {
    const to = graph.groups[edge.result].shape;
    for (const o of edge.operands) {
      const from = graph.groups[o].shape;
      if (from.length !== to.length) continue;
      for (let d = 1; d < from.length; d++) {
        const stride = Math.max(0, Math.round(Math.log2(from[d] / to[d])));
        ahead[o][d] = Math.max(ahead[o][d], stride + ahead[edge.result][d]);
      }
    }
  }
  return ahead;
}

/**
 * Grids without gaps: what later strides divide by is taken from the low end of each dimension, and these phases stand above the
 * grid like further channels, so that strided maps become plain ones between phases.
 */
export function phasedArrangements(graph: LayoutGraph, slots: number, phasesOnTop: boolean): Arrangement[] {
  const ahead = stridesAhead(graph);
  const split = graph.groups.map((g) =>
    g.shape.map((extent, d) => {
      const atoms = dimensionAtoms(d, extent);
      const phases = d === 0 ? atoms.length : Math.min(ahead[g.id][d], atoms.filter((a) => a.extent === 2).length);
      return { low: atoms.slice(0, phases), high: atoms.slice(phases) };
    }),
  );
  const width = (atoms: readonly Atom[]): number => atoms.reduce((n, a) => n + a.width, 0);
  return graph.groups.map((g) => {
    if (g.shape.length < 2) return rowMajorArrangement(g.shape, slots);
    const grid: Atom[] = [];
    for (let d = g.shape.length - 1; d > 0; d--) {
      const { high } = split[g.id][d];
      const widest = split.reduce((w, s) => (s.length === g.shape.length ? Math.max(w, width(s[d].high)) : w), 0);
      grid.push(...high, ...new Array<Atom>(widest - width(high)).fill(freeBit));
    }
    const phases = split[g.id]
      .slice(1)
      .reverse()
      .flatMap((s) => s.low);
    const channels = split[g.id][0].low;
    if (!phasesOnTop) return compress([...grid, ...phases, ...channels], slots);
    // Where the phases take the highest bits of a vector, rotations by them wrap round: sums over them repeat.
    const room = Math.max(0, bitCount(slots) - width([...grid, ...phases, ...channels]));
    return compress([...grid, ...channels, ...new Array<Atom>(room).fill(freeBit), ...phases], slots);
  });
}
