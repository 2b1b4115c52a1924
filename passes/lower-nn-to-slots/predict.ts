import { layoutSlots } from '../../ir/layout.ts';
import type { Matrix } from '../../ir/matrix.ts';
import { rowIndices } from '../../ir/matrix.ts';
import type { OperationCosts } from '../kernels/count-arithmetic.ts';
import { vectorsOf } from '../kernels/diagonals.ts';
import { hashColumns, likelySummableBits } from '../kernels/equal-columns.ts';
import { chooseFold, isSigns, unitCopies, unitTerms, type PlacedOperand } from '../kernels/linear-map.ts';
import { copyBits, periodOfBits, topRun, usedBits } from '../kernels/slot-bits.ts';
import { arrangementKey, arrangementLayout, rowMajorArrangement, type Arrangement, type Atom } from './arrangement.ts';
import type { LayoutGraph, LayoutGroup, LinearEdge } from './layout-groups.ts';

/** Matrix entries looked at to predict the cost of one linear map: enough to rank layouts, few enough to rank thousands. */
const sampledEntries = 8_000;

/** About {@link sampledEntries} entries of a matrix, evenly strewn. */
function sampleEntries(matrix: Matrix): Matrix {
  const parts = Math.floor(matrix.value.length / sampledEntries);
  if (parts < 2) return matrix;
  const row = rowIndices(matrix);
  // A multiplicative hash picks them: a fixed step would meet only some channels, rows and columns of a grid.
  const picked = (e: number): boolean => Math.imul(e, 0x9e3779b1) >>> 0 < 2 ** 32 / parts;
  const kept: number[] = [];
  for (let e = 0; e < matrix.value.length; e++) if (picked(e)) kept.push(e);
  const start = new Int32Array(matrix.rows + 1);
  for (const e of kept) start[row[e] + 1]++;
  for (let r = 0; r < matrix.rows; r++) start[r + 1] += start[r];
  return {
    ...matrix,
    start,
    column: Int32Array.from(kept, (e) => matrix.column[e]),
    value: Float64Array.from(kept, (e) => matrix.value[e]),
  };
}

/** FNV-1a over where the entries of a matrix stand. */
function hashPattern({ start, column }: Matrix): number {
  let hash = 0x811c9dc5;
  for (const words of [start, column])
    for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i], 0x01000193);
  return hash >>> 0;
}

/** What a group's arrangement means in slots. */
interface Placed {
  readonly key: string;
  readonly slotNumbers: Int32Array;
  readonly vectors: number;
  readonly used: number;
  /** Bits that hold no element. */
  readonly free: number;
}

interface Predicted {
  readonly cost: number;
  readonly copies: number;
}

/** What a level more in the chain costs, in rotations. */
const levelWorth = 10;

const atomKey = (a: Atom): string => `${a.dimension}.${a.part}`;

/** The atoms of the operand over which a matrix only sees sums, found in any one arrangement. */
function summableAtoms(matrix: Matrix, arrangement: Arrangement): Set<string> {
  const layout = arrangementLayout(arrangement, matrix.columns);
  const mask = likelySummableBits(hashColumns(matrix), layoutSlots(layout), 2 ** 30 - 1);
  return new Set(
    arrangement.filter((a) => a.dimension >= 0 && bitsOfAtoms(arrangement, new Set([atomKey(a)])) & mask).map(atomKey),
  );
}

/** The slot bits of the given single-bit atoms. */
function bitsOfAtoms(arrangement: Arrangement, atoms: ReadonlySet<string>): number {
  if (atoms.size === 0) return 0;
  let bit = 1;
  let mask = 0;
  for (const a of arrangement) {
    if (a.width === 1 && atoms.has(atomKey(a))) mask |= bit;
    bit *= 2 ** a.width;
  }
  return mask;
}

/** Predicts the cost of a network from its arrangements; remembers every linear map that it has met. */
export class CostPredictor {
  readonly #graph: LayoutGraph;
  readonly #slots: number;
  readonly #costs: OperationCosts;
  readonly #sampled: ReadonlyMap<LinearEdge, readonly Matrix[]>;
  readonly #isSigns: ReadonlyMap<LinearEdge, readonly boolean[]>;
  /** Of each operand of each linear map the atoms over which the map only sees sums. */
  readonly #summable: ReadonlyMap<LinearEdge, readonly ReadonlySet<string>[]>;
  /** Maps of one pattern, as convolutions of equal shape have, cost the same. */
  readonly #patterns: readonly string[];
  readonly #known = new Map<string, Predicted>();
  readonly #placed = new Map<string, Placed>();

  constructor(graph: LayoutGraph, slots: number, costs: OperationCosts) {
    this.#graph = graph;
    this.#slots = slots;
    this.#costs = costs;
    this.#sampled = new Map(graph.edges.map((e) => [e, e.matrices.map(sampleEntries)]));
    this.#isSigns = new Map(graph.edges.map((e) => [e, e.matrices.map(isSigns)]));
    this.#summable = new Map(
      graph.edges.map((e) => [
        e,
        e.matrices.map((m, i) => summableAtoms(m, rowMajorArrangement(graph.groups[e.operands[i]].shape, slots))),
      ]),
    );
    this.#patterns = graph.edges.map((e) => this.#patternOf(e));
  }

  /** The pattern of each edge's entries: equal patterns, equal costs in equal arrangements. */
  get patterns(): readonly string[] {
    return this.#patterns;
  }

  /** Seconds (the unit of the costs) for the whole network, keys left out. */
  cost(arrangements: readonly Arrangement[]): number {
    const { groups, edges } = this.#graph;
    let total = 0;
    const placed = groups.map((g) => this.#place(g, arrangements[g.id]));
    const copies = placed.map((p) => p.free);
    for (const g of groups) {
      const { vectors } = placed[g.id];
      total += vectors * g.multiplications * this.#costs.multiplication;
      if (g.isInput) total += (vectors - 1) * this.#costs.multiplication;
    }
    edges.forEach((edge, e) => {
      const key = `${this.#patterns[e]}|${[...edge.operands, edge.result].map((g) => `${placed[g].key}/${copies[g]}`).join('|')}`;
      let predicted = this.#known.get(key);
      if (!predicted) {
        predicted = this.#predict(edge, placed, arrangements, copies);
        this.#known.set(key, predicted);
      }
      copies[edge.result] &= predicted.copies;
      total += predicted.cost;
    });
    return total;
  }

  #patternOf(edge: LinearEdge): string {
    const matrices = edge.matrices.map((m, i) => {
      const signs = this.#isSigns.get(edge)?.[i] ? 'signs' : '';
      const sums = [...(this.#summable.get(edge)?.[i] ?? [])].join();
      return `${m.rows}x${m.columns} ${hashPattern(m)} ${signs} ${sums}`;
    });
    return [...matrices, ...[...edge.operands, edge.result].map((g) => this.#graph.groups[g].shape.join('x'))].join(
      '/',
    );
  }

  #place(group: LayoutGroup, arrangement: Arrangement): Placed {
    const key = arrangementKey(arrangement);
    const name = `${group.size}|${key}`;
    const known = this.#placed.get(name);
    if (known) return known;
    const layout = arrangementLayout(arrangement, group.size, true);
    const slotNumbers = layoutSlots(layout);
    const placed = {
      key,
      slotNumbers,
      vectors: vectorsOf(slotNumbers, this.#slots),
      used: usedBits(layout, this.#slots),
      free: copyBits(layout, this.#slots),
    };
    this.#placed.set(name, placed);
    return placed;
  }

  #predict(
    edge: LinearEdge,
    placed: readonly Placed[],
    arrangements: readonly Arrangement[],
    copies: readonly number[],
  ): Predicted {
    const slots = this.#slots;
    const result = placed[edge.result];
    let kept = slots - 1;
    let cost = 0;
    const general: PlacedOperand[] = [];
    edge.operands.forEach((g, i) => {
      const operand: PlacedOperand = {
        matrix: edge.matrices[i],
        columnSlots: placed[g].slotNumbers,
        vectors: placed[g].vectors,
        used: placed[g].used,
        copies: copies[g],
        period: periodOfBits(copies[g], slots),
        summable: bitsOfAtoms(arrangements[g], this.#summable.get(edge)?.[i] ?? new Set()) & (slots - 1),
      };
      const units = this.#isSigns.get(edge)?.[i] ? unitTerms(operand, i, result.slotNumbers, slots) : undefined;
      if (units) {
        kept &= unitCopies(units, copies[g], slots);
        cost += units.filter((u) => u.steps !== 0).length * this.#costs.rotation;
        return;
      }
      // A map that could be bare rotations elsewhere costs a level here.
      if (this.#isSigns.get(edge)?.[i]) cost += levelWorth * this.#costs.rotation;
      general.push({ ...operand, matrix: this.#sampled.get(edge)?.[i] ?? edge.matrices[i] });
    });
    if (general.length === 0) return { cost, copies: kept };
    const fold = chooseFold(general, result.slotNumbers, result.used, slots, this.#costs);
    const { repeated } = fold.placements[0];
    return { cost: cost + fold.cost, copies: (repeated | topRun(fold.folded | repeated, slots)) & kept };
  }
}
