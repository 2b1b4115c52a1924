import type { OperationCosts } from './count-arithmetic.ts';
import { diagonalCost, turningCost } from './diagonal-costs.ts';
import type { Diagonals } from './diagonals.ts';

/**
 * Several real diagonals in one complex product. A vector x that repeats J times over its slots leaves 2 J real numbers where the products of one slot are:
 * the real and imaginary parts of J copies. With z = sum over k of m_k rot(x, s_k), m_k monomials of the ring, which cost no level, each copy holds
 * another combination of the same rotations. The sum over the copies and the conjugates makes the m_k orthogonal: with
 * w = sum of w_k conj(m_k) / 2 J in every copy, w z so summed is the sum of w_k rot(x, s_k), the products of 2 J diagonals at once.
 *
 * z is made by log2(2 J) rotations, each of all that stands so far: z_(i+1) = z_i + X^(e_i) rot(z_i, t_i).
 */
export interface DiagonalGroups {
  /** t_i. */
  readonly turns: readonly number[];
  /** Of each group the diagonals by subset h of the turns, bit i for turn i; -1: none. The one of no turn is always there. */
  readonly groups: readonly Int32Array[];
}

/** Every diagonal by itself, on real slots. */
const singleDiagonals = ({ steps }: Diagonals): DiagonalGroups => ({
  turns: [],
  groups: Array.from(steps, (_, k) => Int32Array.of(k)),
});

/** Joins groups whose steps lie `turn` apart, two by two: runs and circles of them are cut into twos, as few as can be. */
function joinBy(turn: number, known: DiagonalGroups, { input, output, steps, modulus }: Diagonals): DiagonalGroups {
  const outputs = output.reduce((most, v) => Math.max(most, v), 0) + 1;
  const key = ([k]: Int32Array, by: number): number =>
    (input[k] * outputs + output[k]) * modulus + ((steps[k] + by) & (modulus - 1));
  const open = new Map(known.groups.map((g) => [key(g, 0), g]));
  const groups: Int32Array[] = [];
  const cut = (start: Int32Array): void => {
    for (let group: Int32Array | undefined = start; group && open.delete(key(group, 0));) {
      const partner = open.get(key(group, turn));
      const joined = new Int32Array(2 * group.length).fill(-1);
      joined.set(group);
      if (partner) joined.set(partner, group.length);
      groups.push(joined);
      if (!partner) return;
      open.delete(key(partner, 0));
      group = open.get(key(partner, turn));
    }
  };
  const all = new Set(open.keys());
  // Runs first; what is left are full circles.
  for (const group of known.groups) if (!all.has(key(group, -turn))) cut(group);
  for (const group of known.groups) if (open.has(key(group, 0))) cut(group);
  return { turns: [...known.turns, turn], groups };
}

/** One turn more: the power of two that leaves fewest groups; of equal ones the largest, since the steps of the groups are then densest. */
function joinGroups(known: DiagonalGroups, diagonals: Diagonals): DiagonalGroups {
  let best = known;
  for (let turn = diagonals.modulus / 2; turn >= 1; turn /= 2) {
    const joined = joinBy(turn, known, diagonals);
    if (joined.groups.length < best.groups.length) best = joined;
  }
  return best;
}

/** How the diagonals of the operands of one map are grouped, and over how many copies of the output the products are summed; 0: on real slots. */
export interface Grouping {
  readonly copies: number;
  readonly operands: readonly DiagonalGroups[];
}

/** The grouping of least predicted cost, by at most `mostTurns` turns; `inputs`: the vectors of each operand. */
export function chooseGroups(
  found: readonly Diagonals[],
  inputs: readonly number[],
  outputs: number,
  mostTurns: number,
  costs: OperationCosts,
): Grouping {
  const costOf = (operands: readonly DiagonalGroups[]): number =>
    diagonalCost(
      operands.reduce((n, { groups }) => n + groups.length, 0),
      costs,
    ) + operands.reduce((n, { turns }, i) => n + turns.length * inputs[i] * costs.rotation, 0);
  let operands: readonly DiagonalGroups[] = found.map(singleDiagonals);
  let best: Grouping & { readonly cost: number } = { copies: 0, operands, cost: costOf(operands) };
  for (let turns = 1; turns <= mostTurns; turns++) {
    found.forEach((diagonals, n) => {
      const joined = operands.map((o, i) => (i === n ? joinGroups(o, diagonals) : o));
      if (costOf(joined) < costOf(operands)) operands = joined;
    });
    const cost = costOf(operands) + turningCost(turns, 0, outputs, costs);
    if (cost < best.cost) best = { copies: 2 ** (turns - 1), operands, cost };
  }
  return best;
}
