import type { Func, Value } from '../../ir/module.ts';
import { mul } from '../../ir/nn/elementwise.ts';
import { refresh } from '../../ir/nn/refresh.ts';
import { channelBounds } from './channel-bounds.ts';
import { ChannelNodes } from './channel-nodes.ts';
import { multiplicativeDepths } from './depth.ts';
import { isLinear, isUnitMap, linearAttrs } from './linear-op.ts';
import { polynomialAttrs } from './polynomial-op.ts';

/** The largest absolute value of each input and output of the network, from calibration. */
export interface Ranges {
  readonly input: readonly number[];
  readonly output: readonly number[];
}

/** The scale of each channel of a value: what is computed is the value divided by it. */
export type ScaleOf = (value: Value) => Float64Array;

interface Uses {
  readonly consumers: ReadonlyMap<Value, ReadonlySet<Value>>;
  readonly results: ReadonlySet<Value>;
}

function usesOf(func: Func): Uses {
  const consumers = new Map<Value, Set<Value>>();
  for (const op of func.body) for (const o of op.operands) consumers.set(o, (consumers.get(o) ?? new Set()).add(op));
  return { consumers, results: new Set(func.results.map((r) => r.value)) };
}

/**
 * How far worst-case bounds of what is refreshed may exceed the scale of a polynomial that reads it: true values stay well below such bounds, and
 * bootstraps carry messages of a few units, while a polynomial written in a variable r times larger has coefficients of up to (2 r)^degree.
 */
const mostRefreshed = 4;

/** Operands of a linear op that would cost a level if their unit map needed a multiplication. */
function criticalUnits(op: Value, depths: ReadonlyMap<Value, number>): number[] {
  const depth = (v: Value): number => depths.get(v) ?? 0;
  const { matrices } = linearAttrs(op);
  return op.operands.flatMap((o, i) => (isUnitMap(matrices[i]) && depth(o) + 1 > depth(op) ? [i] : []));
}

/**
 * The operand of each product whose scale is free, because nothing else reads it: it takes the scale that gives the product the
 * scale wanted. Products without one have the product of their operands' scales.
 */
function absorbers(func: Func, uses: Uses, depths: ReadonlyMap<Value, number>): Map<Value, Value> {
  const free = (op: Value, operand: Value): boolean =>
    uses.consumers.get(operand)?.size === 1 && !uses.results.has(operand) && op.operands[0] !== op.operands[1];
  const found = new Map<Value, Value>();
  for (const op of func.body.filter((v) => v.op === mul.name)) {
    const operands = op.operands.filter((o) => free(op, o));
    const choice =
      operands.find((o) => polynomialAttrs(o)) ??
      operands.find((o) => isLinear(o) && criticalUnits(o, depths).length === 0);
    if (choice) found.set(op, choice);
  }
  return found;
}

/** A refresh has the scale of its operand. */
function joinRefreshes(func: Func, nodes: ChannelNodes): void {
  for (const op of func.body) {
    if (op.op !== refresh.name) continue;
    const own = nodes.of(op);
    nodes.of(op.operands[0]).forEach((node, c) => nodes.join(node, own[c]));
  }
}

/** Joins the channels that a unit map connects where its multiplication-free form matters. */
function joinUnits(
  func: Func,
  nodes: ChannelNodes,
  fixed: (v: Value) => boolean,
  depths: ReadonlyMap<Value, number>,
): void {
  for (const op of func.body.filter(isLinear)) {
    const { matrices } = linearAttrs(op);
    const own = nodes.ofElements(op);
    for (const i of criticalUnits(op, depths)) {
      if (fixed(op.operands[i])) continue;
      const other = nodes.ofElements(op.operands[i]);
      const { start, column, rows } = matrices[i];
      for (let r = 0; r < rows; r++) for (let e = start[r]; e < start[r + 1]; e++) nodes.join(own[r], other[column[e]]);
    }
  }
}

/**
 * Chooses the scale of each channel of each value of an approximated nn function.
 *
 * Channels joined by unit maps on a critical path share one scale, so the maps stay free of multiplications. A class that a polynomial
 * reads takes the largest scale of its polynomials, and no less than a part of the bound of what is refreshed in it; results and inputs take
 * their calibrated range; what is left takes its bound, so that everything encrypted stays within about [-1, 1].
 */
export function chooseScales(func: Func, ranges: Ranges): ScaleOf {
  const nodes = new ChannelNodes(func);
  const depths = multiplicativeDepths(func);
  const uses = usesOf(func);
  const absorber = absorbers(func, uses, depths);
  const isProduct = (v: Value): boolean =>
    v.op === refresh.name ? isProduct(v.operands[0]) : v.op === mul.name && !absorber.has(v);
  joinRefreshes(func, nodes);
  joinUnits(func, nodes, isProduct, depths);

  const read = new Float64Array(nodes.count);
  for (const op of func.body) {
    const polynomial = polynomialAttrs(op);
    if (!polynomial) continue;
    nodes.of(op.operands[0]).forEach((node, c) => (read[node] = Math.max(read[node], polynomial.scaleOf(c))));
  }
  const bounds = channelBounds(func, nodes, ranges.input, read);
  const refreshed = new Float64Array(nodes.count);
  for (const op of func.body)
    if (op.op === refresh.name) for (const node of nodes.of(op)) refreshed[node] = bounds[node];

  const scales = new Float64Array(nodes.count);
  const raise = (value: Value, scale: (node: number) => number, open: (root: number) => boolean): void => {
    for (const node of nodes.of(value)) {
      const root = nodes.find(node);
      if (open(root)) scales[root] = Math.max(scales[root], scale(node));
    }
  };
  const values = [...func.params, ...func.body];
  // Strongest claim first; a class that one round has set is closed for the next.
  const rounds: ((offer: typeof raise, open: (root: number) => boolean) => void)[] = [
    (offer, open) =>
      values.forEach((v) => offer(v, (node) => Math.max(read[node], refreshed[node] / mostRefreshed), open)),
    (offer, open) => values.forEach((v) => offer(v, (node) => refreshed[node], open)),
    (offer, open) => func.results.forEach((r, i) => offer(r.value, () => positive(ranges.output[i]), open)),
    (offer, open) => func.params.forEach((p, i) => offer(p, () => Math.max(1, ranges.input[i]), open)),
    (offer, open) => values.forEach((v) => offer(v, (node) => bounds[node], open)),
    (offer, open) => values.forEach((v) => offer(v, () => 1, open)),
  ];
  for (const round of rounds) {
    const closed = scales.map((s) => (s > 0 ? 1 : 0));
    round(raise, (root) => closed[root] === 0);
  }
  const at = (value: Value, c: number): number => scales[nodes.find(nodes.at(value, c))];
  for (const op of func.body.filter((v) => v.op === mul.name)) {
    const free = absorber.get(op);
    const other = op.operands.find((o) => o !== free) ?? op.operands[0];
    nodes.of(op).forEach((node, c) => {
      if (free) scales[nodes.find(nodes.at(free, c))] = at(op, c) / at(other, c);
      else scales[nodes.find(node)] = at(op.operands[0], c) * at(op.operands[1], c);
    });
  }
  return (value) => Float64Array.from(nodes.of(value), (node) => scales[nodes.find(node)]);
}

const positive = (range: number): number => (range > 0 ? range : 1);
