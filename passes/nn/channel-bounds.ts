import type { Func, Value } from '../../ir/module.ts';
import { evalChebyshev } from '../../ir/nn/polynomial.ts';
import { refresh } from '../../ir/nn/refresh.ts';
import type { ChannelNodes } from './channel-nodes.ts';
import { isLinear, linearAttrs } from './linear-op.ts';
import { polynomialAttrs, type PolynomialAttrs } from './polynomial-op.ts';

/** Largest absolute value of a channel's polynomial on [-scale, scale], by 257 points. */
function largestOn({ rowOf }: PolynomialAttrs, channel: number): number {
  const row = rowOf(channel);
  let largest = 0;
  for (let i = 0; i <= 256; i++) largest = Math.max(largest, Math.abs(evalChebyshev(row, i / 128 - 1)));
  return largest;
}

/**
 * How large each channel of each value gets, by node: calibrated for inputs (`inputMaxima`, one number a parameter) and for the inputs of
 * polynomials (their scale, in `known` by node, 0 where there is none), the polynomial's extremum on its interval for outputs, worst cases in between.
 */
export function channelBounds(
  func: Func,
  nodes: ChannelNodes,
  inputMaxima: readonly number[],
  known: Float64Array,
): Float64Array {
  const bounds = new Float64Array(nodes.count);
  const set = (value: Value, bound: (channel: number) => number): void =>
    nodes.of(value).forEach((node, c) => (bounds[node] = known[node] > 0 ? known[node] : bound(c)));
  func.params.forEach((param, i) => set(param, () => inputMaxima[i]));
  for (const op of func.body) {
    const polynomial = polynomialAttrs(op);
    if (isLinear(op)) {
      const largest = linearBounds(op, nodes, bounds);
      set(op, (c) => largest[c]);
    } else if (polynomial) set(op, (c) => largestOn(polynomial, c));
    else if (op.op === refresh.name) set(op, (c) => bounds[nodes.at(op.operands[0], c)]);
    else set(op, (c) => op.operands.reduce((product, o) => product * bounds[nodes.at(o, c)], 1));
  }
  return bounds;
}

function linearBounds(op: Value, nodes: ChannelNodes, bounds: Float64Array): Float64Array {
  const { matrices, bias } = linearAttrs(op);
  const sums = bias.data.map(Math.abs);
  op.operands.forEach((operand, i) => {
    const m = matrices[i];
    const node = nodes.ofElements(operand);
    for (let r = 0; r < m.rows; r++) {
      for (let e = m.start[r]; e < m.start[r + 1]; e++) sums[r] += Math.abs(m.value[e]) * bounds[node[m.column[e]]];
    }
  });
  const own = nodes.ofElements(op);
  const largest = new Float64Array(nodes.of(op).length);
  sums.forEach((s, r) => (largest[own[r] - own[0]] = Math.max(largest[own[r] - own[0]], s)));
  return largest;
}
