import { InternalError } from '../../ir/diagnostics.ts';
import { layoutSlots, layoutVectors, type Layout } from '../../ir/layout.ts';
import type { Matrix } from '../../ir/matrix.ts';
import { rotateBy, sum, type Arithmetic } from './arithmetic.ts';
import type { OperationCosts } from './count-arithmetic.ts';
import {
  countDiagonals,
  diagonalVector,
  findDiagonals,
  placeEntries,
  placementModulus,
  vectorsOf,
} from './diagonals.ts';
import type { DiagonalEntries, Placement } from './diagonals.ts';
import { affordableDiagonals, groupedCost } from './diagonal-costs.ts';
import { summableBits } from './equal-columns.ts';
import { chooseGroups } from './group-diagonals.ts';
import { copiesOfBits, copyBits, periodOfBits, topRun, usedBits } from './slot-bits.ts';
import { splitDiagonals } from './split-diagonals.ts';
import { GroupVectors, turnedSteps, turnsOf, type Turn } from './turns.ts';

/** One summand of a linear map: `matrix` applied to a packed value. */
export interface LinearOperand {
  readonly matrix: Matrix;
  readonly layout: Layout;
  /** Every slot, whether it holds an element or not, repeats with this period; where absent, only the copies of the layout are known. */
  readonly period?: number;
}

/** One product with a public vector: `giant` rotates it after `baby` rotated the input vector. */
interface Term {
  readonly operand: number;
  readonly input: number;
  readonly output: number;
  readonly baby: number;
  readonly giant: number;
  /** By subset of the operand's turns; -1: none. */
  readonly diagonals: Int32Array;
}

/** A summand without products: rotated input vectors, added (or subtracted) as they are. */
export interface UnitTerm {
  readonly operand: number;
  readonly input: number;
  readonly output: number;
  readonly steps: number;
  readonly negative: boolean;
}

/** What a linear map will do, decided before any vector is made. */
export interface LinearPlan {
  readonly slots: number;
  readonly operands: readonly LinearOperand[];
  /** With the copies that the kernel yields. */
  readonly output: Layout;
  /** Vectors of the output. */
  readonly outputs: number;
  readonly folded: number;
  /** For each operand the bits that it is summed over first. */
  readonly summed: readonly number[];
  /** For each operand how it is turned (turns.ts). */
  readonly turns: readonly (readonly Turn[])[];
  /** The copies that are summed, with their conjugates; 0: none, on real slots. */
  readonly copies: number;
  readonly terms: readonly Term[];
  readonly units: readonly UnitTerm[];
  readonly entries: readonly (DiagonalEntries | undefined)[];
  /** False when slots that hold no element may hold sums of unrelated products. */
  readonly clean: boolean;
}

/** The bits over which operands are summed beforehand and the result afterwards. */
export interface FoldChoice {
  readonly folded: number;
  readonly summed: readonly number[];
  readonly placements: readonly Placement[];
  /** Of groups of diagonals. */
  readonly mostTurns: number;
  /** Predicted, in the unit of the costs. */
  readonly cost: number;
}

/** More rotations than this are dearer than the level that they save. */
const mostUnitRotations = 8;

/** True when every entry is 1 or -1: a candidate for bare rotations. */
export const isSigns = (matrix: Matrix): boolean =>
  matrix.value.length > 0 && matrix.value.every((v) => v === 1 || v === -1);

/** The slots of an operand and of the output, computed once for many choices. */
export interface PlacedOperand {
  readonly matrix: Matrix;
  readonly columnSlots: Int32Array;
  readonly vectors: number;
  readonly used: number;
  readonly copies: number;
  /** Of all slots, those without an element too. */
  readonly period: number;
  /** Bits that may be summed over first, without a product. */
  readonly summable: number;
}

function placeOperand(operand: LinearOperand, slots: number): PlacedOperand {
  const columnSlots = layoutSlots(operand.layout);
  const used = usedBits(operand.layout, slots);
  return {
    matrix: operand.matrix,
    columnSlots,
    vectors: vectorsOf(columnSlots, slots),
    used,
    copies: copyBits(operand.layout, slots),
    period: operand.period ?? slots,
    summable: summableBits(operand.matrix, columnSlots, used),
  };
}

const bitsOf = (mask: number): number[] =>
  Array.from({ length: 31 }, (_, k) => 1 << k).filter((bit) => (mask & bit) !== 0);

const countBits = (mask: number): number => mask.toString(2).replaceAll('0', '').length;

/** An operand after sums over `summed`: it repeats in those of the bits in which rotations wrap round, the others go unused. */
const afterSums = (o: PlacedOperand, summed: number, slots: number): PlacedOperand => ({
  ...o,
  used: o.used & ~summed,
  copies: o.copies | (topRun(o.copies | summed, slots) & summed),
  period: periodOfBits((slots - o.period) | summed, slots),
});

/** The turns that groups of diagonals can have where the bits `repeated` stand for copies of the operands and of the output: one for complex slots, one for each bit of copies. */
function turnsFor(repeated: number, operands: readonly PlacedOperand[], slots: number): number {
  const copied = operands.reduce((mask, o) => mask & (slots - o.period), repeated);
  return 1 + countBits(topRun(copied, slots));
}

/**
 * Chooses the bits to sum over before and after with the least predicted cost: about 2 sqrt(D) rotations for D diagonals, or for as many groups as they make, and
 * one for each bit. `rowSlots` and `outputUsed` tell the slots of the rows and the bits in which they differ.
 */
export function chooseFold(
  operands: readonly PlacedOperand[],
  rowSlots: Int32Array,
  outputUsed: number,
  slots: number,
  costs: OperationCosts,
): FoldChoice {
  const free = (slots - 1) & ~outputUsed;
  const outputs = vectorsOf(rowSlots, slots);
  const inputs = operands.reduce((n, o) => n + o.vectors, 0);
  let best: FoldChoice | undefined;
  const none = operands.map(() => 0);
  const all = operands.map((o) => o.summable);
  const wrapping = operands.map((o) => topRun(o.copies | o.summable, slots) & o.summable);
  const choices = new Map([none, wrapping, all].map((summed) => [summed.join(), summed]));
  for (const summed of choices.values()) {
    const sums = operands.map((o, i) => afterSums(o, summed[i], slots));
    const common = sums.reduce((mask, o) => mask & o.copies, slots - 1);
    const anywhere = sums.reduce((mask, o) => mask | o.used | o.copies, 0);
    for (const folded of new Set([
      free & ~common,
      free & ~common & anywhere,
      topRun(free | common, slots) & free & ~common,
      0,
    ])) {
      const placements = sums.map((o, i) => ({
        matrix: o.matrix,
        rowSlots,
        columnSlots: o.columnSlots,
        slots,
        inputs: o.vectors,
        outputs,
        copied: o.copies & ~folded,
        folded,
        repeated: free & common,
        summed: summed[i],
      }));
      const bits = summed.reduce((n, mask) => n + countBits(mask), countBits(folded));
      const mostTurns = costs.conjugation < Infinity ? turnsFor(free & common, sums, slots) : 0;
      const left = best ? best.cost - bits * costs.rotation : Infinity;
      const limit = affordableDiagonals(left, costs) * 2 ** mostTurns;
      const diagonals = placements.reduce((n, p) => n + countDiagonals(p, limit), 0);
      const cost = bits * costs.rotation + groupedCost(diagonals, mostTurns, inputs, outputs, costs);
      if (!best || cost < best.cost) best = { folded, summed, placements, mostTurns, cost };
    }
  }
  if (!best) throw new InternalError('a linear map without operands');
  return best;
}

/**
 * The bare rotations that an operand is when all its weights on a diagonal are +1, or all -1, and every diagonal serves every output
 * slot; undefined when it is not of that form.
 */
export function unitTerms(
  operand: PlacedOperand,
  index: number,
  rowSlots: Int32Array,
  slots: number,
): UnitTerm[] | undefined {
  const { matrix } = operand;
  if (!isSigns(matrix)) return undefined;
  const outputs = vectorsOf(rowSlots, slots);
  const copied = topRun(operand.copies, slots);
  const placement: Placement = {
    matrix,
    rowSlots,
    columnSlots: operand.columnSlots,
    slots,
    inputs: operand.vectors,
    outputs,
    copied,
    folded: 0,
    repeated: 0,
    summed: 0,
  };
  // Most placements of a layout search have far too many diagonals: counting stops early.
  const most = outputs * (mostUnitRotations + operand.vectors);
  if (countDiagonals(placement, most) > most) return undefined;
  const d = findDiagonals(placement);
  if (d.steps.filter((s) => s !== 0).length > mostUnitRotations * outputs) return undefined;
  const rowsIn = new Int32Array(outputs);
  for (const s of rowSlots) rowsIn[Math.floor(s / slots)]++;
  const entries = new Int32Array(d.steps.length);
  const total = new Int32Array(d.steps.length);
  d.ofEntry.forEach((k, e) => {
    entries[k]++;
    total[k] += matrix.value[e];
  });
  const uniform = (k: number): boolean => entries[k] === rowsIn[d.output[k]] && Math.abs(total[k]) === entries[k];
  if (!entries.every((_, k) => uniform(k))) return undefined;
  return Array.from(entries, (_, k) => ({
    operand: index,
    input: d.input[k],
    output: d.output[k],
    steps: d.steps[k],
    negative: total[k] < 0,
  }));
}

/** The output copies that bare rotations of a value keep. */
export const unitCopies = (terms: readonly UnitTerm[], copies: number, slots: number): number =>
  terms.every((t) => t.steps === 0) ? copies : topRun(copies, slots);

/**
 * Plans `sum of operands[i].matrix * operands[i]` with the rows in `output` (its copies are ignored; the plan tells those it makes).
 * One level, whatever the map is; none for an operand that is a sum of bare rotations.
 */
export function planLinearMap(
  operands: readonly LinearOperand[],
  output: Layout,
  slots: number,
  costs: OperationCosts,
): LinearPlan {
  const rowSlots = layoutSlots(output);
  const placed = operands.map((o) => placeOperand(o, slots));
  const units = placed.map((o, i) => unitTerms(o, i, rowSlots, slots));
  const general = placed.flatMap((o, i) => (units[i] || o.matrix.value.length === 0 ? [] : [i]));
  const outputUsed = usedBits(output, slots);
  let copies = (slots - 1) & ~outputUsed;
  units.forEach((terms, i) => {
    if (terms) copies &= unitCopies(terms, placed[i].copies, slots);
  });
  const entries: (DiagonalEntries | undefined)[] = operands.map(() => undefined);
  const terms: Term[] = [];
  let folded = 0;
  const summed = operands.map(() => 0);
  const turns = operands.map((): readonly Turn[] => []);
  let summedCopies = 0;
  let clean = true;
  if (general.length > 0) {
    const fold = chooseFold(
      general.map((i) => placed[i]),
      rowSlots,
      outputUsed,
      slots,
      costs,
    );
    folded = fold.folded;
    general.forEach((i, n) => (summed[i] = fold.summed[n]));
    const repeated = fold.placements[0].repeated;
    const wrapping = topRun(folded | repeated, slots);
    clean = (folded & ~wrapping) === 0;
    copies &= repeated | wrapping;
    const found = fold.placements.map(findDiagonals);
    // All operands share the giants, so they are split together: their input vectors are numbered through.
    const offsets: number[] = [];
    let inputs = 0;
    for (const i of general) {
      offsets.push(inputs);
      inputs += layoutVectors(operands[i].layout, slots);
    }
    const grouping = chooseGroups(
      found,
      fold.placements.map((p) => p.inputs),
      layoutVectors(output, slots),
      fold.mostTurns,
      costs,
    );
    summedCopies = grouping.copies;
    const join = (pick: (n: number) => Int32Array): Int32Array =>
      Int32Array.from(found.flatMap((_, n) => grouping.operands[n].groups.map(([k]) => pick(n)[k])));
    const split = splitDiagonals(
      {
        modulus: Math.max(...fold.placements.map(placementModulus)),
        input: join((n) => found[n].input.map((v) => v + offsets[n])),
        output: join((n) => found[n].output),
        steps: join((n) => found[n].steps),
      },
      [output, ...general.map((i) => operands[i].layout)].flatMap((l) => l.digits.map((d) => d.stride)),
    );
    let at = 0;
    general.forEach((i, n) => {
      const { groups, turns: by } = grouping.operands[n];
      const { input, output: to, steps } = found[n];
      turns[i] = turnsOf(by, grouping.copies, slots);
      const turned = turnedSteps(by);
      const exact = new Int32Array(steps.length);
      for (const diagonals of groups) {
        const baby = split.baby[at];
        const giant = split.giant[at++];
        diagonals.forEach((k, h) => {
          if (k >= 0) exact[k] = baby + giant + turned[h];
        });
        const [k] = diagonals;
        terms.push({ operand: i, input: input[k], output: to[k], baby, giant, diagonals });
      }
      entries[i] = placeEntries(fold.placements[n], found[n], exact);
    });
  }
  return {
    slots,
    operands,
    output: { ...output, copies: copiesOfBits(copies) },
    outputs: layoutVectors(output, slots),
    folded,
    summed,
    turns,
    copies: summedCopies,
    terms,
    units: units.flatMap((u) => u ?? []),
    entries,
    clean,
  };
}

/** Carries a plan out. `inputs[i][v]` is vector v of operand i; yields the output's vectors, an absent one where all is zero. */
export function applyLinearPlan<V>(
  on: Arithmetic<V>,
  plan: LinearPlan,
  inputs: readonly (readonly V[])[],
): (V | undefined)[] {
  const rotated = new Map<string, V>();
  // An operand of bare rotations is never summed nor turned.
  const prepared = inputs.map((vectors, i) =>
    vectors.map((x) => {
      const summed = bitsOf(plan.summed[i]).reduce((total, bit) => on.add(total, on.rotate(total, bit)), x);
      return plan.turns[i].reduce(
        (z, { steps, power }) => on.add(z, on.mulMonomial(on.rotate(z, steps), power)),
        summed,
      );
    }),
  );
  const groupVectors = plan.turns.map((turns) => new GroupVectors(turns, plan.copies, plan.slots));
  const rotateInput = (operand: number, input: number, steps: number): V => {
    const key = `${operand}/${input}/${steps}`;
    const known = rotated.get(key) ?? rotateBy(on, prepared[operand][input], steps);
    rotated.set(key, known);
    return known;
  };
  return Array.from({ length: plan.outputs }, (_, output) => {
    const groups = new Map<number, Term[]>();
    for (const t of plan.terms) {
      if (t.output === output) groups.set(t.giant, [...(groups.get(t.giant) ?? []), t]);
    }
    const sums = [...groups].map(([giant, terms]) => {
      const products = terms.map((t) => {
        const entries = plan.entries[t.operand];
        if (!entries) throw new InternalError('a term without entries');
        const x = rotateInput(t.operand, t.input, t.baby);
        const weights = Array.from(t.diagonals, (k) =>
          k < 0 ? undefined : diagonalVector(entries, k, plan.slots, giant),
        );
        const { real, imaginary } = groupVectors[t.operand].combine(weights, t.baby);
        return on.mulPlain(x, real, imaginary);
      });
      return rotateBy(on, sum(on, products), giant);
    });
    let total = sums.length > 0 ? sum(on, sums) : undefined;
    if (total !== undefined && plan.copies > 0) total = on.add(total, on.conjugate(total));
    // The highest bits tell the copies.
    for (const bit of bitsOf(plan.folded | (plan.copies > 1 ? plan.slots - plan.slots / plan.copies : 0))) {
      if (total !== undefined) total = on.add(total, on.rotate(total, bit));
    }
    for (const u of plan.units) {
      if (u.output !== output) continue;
      const term = rotateInput(u.operand, u.input, u.steps);
      if (total === undefined) total = u.negative ? on.negate(term) : term;
      else total = u.negative ? on.sub(total, term) : on.add(total, term);
    }
    return total;
  });
}
