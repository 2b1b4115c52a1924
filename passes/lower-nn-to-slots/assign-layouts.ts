import { InternalError } from '../../ir/diagnostics.ts';
import type { Layout } from '../../ir/layout.ts';
import type { Func, Value } from '../../ir/module.ts';
import type { OperationCosts } from '../kernels/count-arithmetic.ts';
import { isLinear } from '../nn/linear-op.ts';
import { arrangementLayout, rowMajorArrangement, type Arrangement } from './arrangement.ts';
import { initialArrangements, phasedArrangements } from './initial-arrangements.ts';
import { improveArrangements, type Improved } from './improve-arrangements.ts';
import { layoutGraph, type LayoutGraph } from './layout-groups.ts';
import { CostPredictor } from './predict.ts';

/** A layout for every value of a function. */
export interface Layouts {
  /**
   * The layouts for the function that they were made for, or for one that differs in numbers and element-wise ops alone: parameters and linear maps are told
   * apart by their place, and what an element-wise op makes has the layout of its operand. So one search serves every choice of polynomials.
   */
  readonly of: (func: Func) => (value: Value) => Layout;
}

const isPlaced = (value: Value): boolean => value.op === 'param' || isLinear(value);
const places = ({ params, body }: Func): Value[] => [...params, ...body].filter(isPlaced);

/** Networks of more groups repeat shapes. */
const fewGroups = 8;

/** One round tells which start leads furthest; only that one is followed to its end. */
function searchArrangements(
  graph: LayoutGraph,
  starts: readonly (readonly Arrangement[])[],
  predictor: CostPredictor,
): Improved {
  const least = (found: readonly Improved[]): Improved => found.reduce((a, b) => (b.cost < a.cost ? b : a));
  const ties = graph.groups.length > fewGroups ? tiesByShape(graph) : graph.groups.map((g) => [g.id]);
  const leader = least(starts.map((start) => improveArrangements(graph, start, predictor, 1, ties)));
  return improveArrangements(graph, leader.arrangements, predictor, 8, ties);
}

/** Groups of equal shape get one arrangement: the repeated layers of deep networks then cost no change of layout, and the search is short. */
function tiesByShape({ groups }: LayoutGraph): number[][] {
  const ties = new Map<string, number[]>();
  for (const { id, shape, isInput } of groups) {
    const key = `${shape.join('x')} ${isInput}`;
    ties.set(key, [...(ties.get(key) ?? []), id]);
  }
  return [...ties.values()];
}

/**
 * Chooses a layout for every value. Those of parameters state the copies that the client makes; the others state none, since the kernels
 * tell which copies they yield. Starts from grids that strides leave gaps in, and improves them by search on the predicted cost.
 */
export function assignLayouts(func: Func, slots: number, costs: OperationCosts): Layouts {
  const graph = layoutGraph(func);
  const predictor = new CostPredictor(graph, slots, costs);
  const starts: Arrangement[][] = [
    initialArrangements(graph, slots),
    phasedArrangements(graph, slots, false),
    phasedArrangements(graph, slots, true),
    graph.groups.map((g) => [...rowMajorArrangement(g.shape, slots)]),
  ];
  const best = searchArrangements(graph, starts, predictor);
  const layouts = graph.groups.map((g) => arrangementLayout(best.arrangements[g.id], g.size, g.isInput));
  const plain = graph.groups.map((g) => arrangementLayout(best.arrangements[g.id], g.size));
  const byPlace = places(func).map((value) => (value.op === 'param' ? layouts : plain)[graph.groupOf(value)]);
  return {
    of: (other) => {
      const known = new Map(places(other).map((value, i) => [value, byPlace[i]]));
      return (value) => {
        let at = value;
        // Operands of element-wise ops share a layout, so the first tells it.
        while (!isPlaced(at)) [at] = at.operands;
        const layout = known.get(at);
        if (!layout) throw new InternalError(`no layout for a value of ${value.op}`);
        return layout;
      };
    },
  };
}
