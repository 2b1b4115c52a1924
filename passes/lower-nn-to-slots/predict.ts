import { layoutSlots, type Layout } from '../../ir/layout.ts';
import type { Matrix } from '../../ir/matrix.ts';
import { rowIndices } from '../../ir/matrix.ts';
import type { OperationCosts } from '../kernels/count-arithmetic.ts';
import { vectorsOf } from '../kernels/diagonals.ts';
import { hashColumns, summableBits } from '../kernels/equal-columns.ts';
import { chooseFold } from '../kernels/linear-map.ts';
import { copiesOfBits, copyBits, topRun, usedBits } from '../kernels/slot-bits.ts';
import { arrangementKey, arrangementLayout, type Arrangement } from './arrangement.ts';
import type { LayoutGraph, LinearEdge } from './layout-groups.ts';

/** Matrix entries looked at to predict the cost of one linear map: enough to rank layouts, few enough to rank thousands. */
const sampledEntries = 8_000;

/** About {@link sampledEntries} entries of a matrix, evenly strewn. */
function sampleEntries(matrix: Matrix): Matrix {
  const parts = Math.floor(matrix.value.length / sampledEntries);
  if (parts < 2) return matrix;
  const row = rowIndices(matrix);
  // A multiplicative hash picks them: a fixed step would meet only some channels, rows and columns of a grid.
  const picked = (e: number): boolean => Math.imul(e, 0x9e3779b1) >>> 0 < 2 ** 32 / parts;
  const kept = Int32Array.from(matrix.column.keys()).filter(picked);
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

interface Predicted {
  readonly cost: number;
  readonly copies: number;
}

const isIdentity = (m: Matrix): boolean =>
  m.rows === m.columns && m.value.length === m.rows && m.value.every((v, i) => Math.abs(v) === 1 && m.column[i] === i);

/** Predicts the cost of a network from its arrangements; remembers every linear map that it has met. */
export class CostPredictor {
  readonly #graph: LayoutGraph;
  readonly #slots: number;
  readonly #costs: OperationCosts;
  readonly #sampled: ReadonlyMap<LinearEdge, readonly Matrix[]>;
  readonly #hashes: ReadonlyMap<LinearEdge, readonly Float64Array[]>;
  readonly #summableOf = new Map<string, number>();
  readonly #known = new Map<string, Predicted>();
  readonly #slotsOf = new Map<string, Int32Array>();

  constructor(graph: LayoutGraph, slots: number, costs: OperationCosts) {
    this.#graph = graph;
    this.#slots = slots;
    this.#costs = costs;
    this.#sampled = new Map(graph.edges.map((e) => [e, e.matrices.map(sampleEntries)]));
    this.#hashes = new Map(graph.edges.map((e) => [e, e.matrices.map(hashColumns)]));
  }

  /** Seconds (the unit of the costs) for the whole network, keys left out. */
  cost(arrangements: readonly Arrangement[]): number {
    const { groups, edges } = this.#graph;
    let total = 0;
    const layouts = groups.map((g) => arrangementLayout(arrangements[g.id], g.size, true));
    const copies = layouts.map((l) => copyBits(l, this.#slots));
    for (const g of groups) {
      const vectors = vectorsOf(this.#slotsOfGroup(g.id, arrangements[g.id], layouts[g.id]), this.#slots);
      total += vectors * g.multiplications * this.#costs.multiplication;
      if (g.isInput) total += (vectors - 1) * this.#costs.multiplication;
    }
    edges.forEach((edge, e) => {
      const key = `${e}|${[...edge.operands, edge.result].map((g) => `${arrangementKey(arrangements[g])}/${copies[g]}`).join('|')}`;
      let predicted = this.#known.get(key);
      if (!predicted) {
        predicted = this.#predict(edge, layouts, arrangements, copies);
        this.#known.set(key, predicted);
      }
      copies[edge.result] &= predicted.copies;
      total += predicted.cost;
    });
    return total;
  }

  #slotsOfGroup(group: number, arrangement: Arrangement, layout: Layout): Int32Array {
    const key = `${group}|${arrangementKey(arrangement)}`;
    const known = this.#slotsOf.get(key) ?? layoutSlots(layout);
    this.#slotsOf.set(key, known);
    return known;
  }

  #summable(
    edge: LinearEdge,
    operand: number,
    arrangement: Arrangement,
    columnSlots: Int32Array,
    used: number,
  ): number {
    const key = `${this.#graph.edges.indexOf(edge)}|${operand}|${arrangementKey(arrangement)}`;
    const hashes = this.#hashes.get(edge)?.[operand];
    const known = this.#summableOf.get(key) ?? (hashes ? summableBits(hashes, columnSlots, used) : 0);
    this.#summableOf.set(key, known);
    return known;
  }

  #predict(
    edge: LinearEdge,
    layouts: readonly Layout[],
    arrangements: readonly Arrangement[],
    copies: readonly number[],
  ): Predicted {
    const slots = this.#slots;
    const output = layouts[edge.result];
    let unitCopies = slots - 1;
    const general = edge.operands.flatMap((g, i) => {
      if (
        isIdentity(edge.matrices[i]) &&
        arrangementKey(arrangements[g]) === arrangementKey(arrangements[edge.result])
      ) {
        unitCopies &= copies[g];
        return [];
      }
      const matrix = this.#sampled.get(edge)?.[i] ?? edge.matrices[i];
      const layout = { ...layouts[g], copies: copiesOfBits(copies[g]) };
      return [
        {
          matrix,
          columnSlots: this.#slotsOfGroup(g, arrangements[g], layouts[g]),
          vectors: vectorsOf(this.#slotsOfGroup(g, arrangements[g], layouts[g]), slots),
          used: usedBits(layout, slots),
          copies: copies[g],
          summable: this.#summable(
            edge,
            i,
            arrangements[g],
            this.#slotsOfGroup(g, arrangements[g], layouts[g]),
            usedBits(layout, slots),
          ),
        },
      ];
    });
    if (general.length === 0) return { cost: 0, copies: unitCopies };
    const rowSlots = this.#slotsOfGroup(edge.result, arrangements[edge.result], output);
    const fold = chooseFold(general, rowSlots, usedBits(output, slots), slots, this.#costs);
    const repeated = fold.placements[0].repeated;
    return { cost: fold.cost, copies: (repeated | topRun(fold.folded | repeated, slots)) & unitCopies };
  }
}
