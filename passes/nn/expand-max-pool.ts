import type { Builder } from '../../ir/builder.ts';
import { derivedLoc, fail, type Loc } from '../../ir/diagnostics.ts';
import { addMatrices, gatherMatrix, identityMatrix, scaleMatrix, type Matrix } from '../../ir/matrix.ts';
import type { Value } from '../../ir/module.ts';
import { pickedIndices, range } from '../../ir/nn/indexing.ts';
import { maxPool } from '../../ir/nn/pooling.ts';
import { reduceMax } from '../../ir/nn/reduction.ts';
import { registry } from '../../ir/registry.ts';
import { rewriteModule } from '../../ir/rewrite.ts';
import { elementCount } from '../../ir/tensor.ts';
import { definePass } from '../define-pass.ts';
import { axisTournament, type AxisWindows } from './axis-tournament.ts';
import { createLinear, shapeOf, sizeOf } from './linear-op.ts';

interface OnAxis extends AxisWindows {
  readonly axis: number;
}

const ints = (op: Value, name: string): readonly number[] => op.attrs[name] as readonly number[];

function poolWindows(op: Value): OnAxis[] {
  const input = shapeOf(op.operands[0]);
  const output = shapeOf(op);
  const [kernel, strides, pads, dilations] = ['kernel', 'strides', 'pads', 'dilations'].map((name) => ints(op, name));
  return kernel.map((taps, d) => ({
    axis: d + 2,
    size: input[d + 2],
    taps,
    dilation: dilations[d],
    starts: range(output[d + 2]).map((o) => o * strides[d] - pads[d]),
  }));
}

const reduceWindows = (op: Value): OnAxis[] =>
  [...ints(op, 'axes')]
    .sort((a, b) => a - b)
    .map((axis) => ({
      axis,
      size: shapeOf(op.operands[0])[axis],
      taps: shapeOf(op.operands[0])[axis],
      dilation: 1,
      starts: [0],
    }));

function requireElements({ size, taps, dilation, starts }: OnAxis, loc: Loc): void {
  const empty = starts.findIndex((s) => !range(taps).some((t) => s + t * dilation >= 0 && s + t * dilation < size));
  if (empty >= 0) fail('FHE0501', `window ${empty} of this pooling holds padding only, which has no maximum`, loc);
}

/** The matrix that takes elements `picks` along one axis. */
function pickMatrix(shape: readonly number[], axis: number, picks: readonly number[]): Matrix {
  const source = pickedIndices(
    shape,
    shape.map((d, i) => (i === axis ? picks : range(d))),
  );
  return gatherMatrix(elementCount(shape), source);
}

/** Maximum over all windows, axis by axis from the last: 2 to the number of rounds times the maximum. */
function tournament(
  builder: Builder,
  x: Value,
  windows: readonly OnAxis[],
  loc: Loc,
): { value: Value; rounds: number } {
  const abs = registry.get('nn.abs');
  let value = x;
  let rounds = 0;
  for (const w of windows.toReversed()) {
    const plan = axisTournament(w);
    const resized = (count: number): number[] => shapeOf(value).map((d, i) => (i === w.axis ? count : d));
    const pick = (elements: readonly number[]): Value =>
      createLinear(builder, [value], [pickMatrix(shapeOf(value), w.axis, elements)], resized(elements.length), loc);
    if (plan.gather) value = pick(plan.gather);
    for (const { first, second } of plan.rounds) {
      const shape = resized(first.length);
      const [a, b] = [first, second].map((picks) => pickMatrix(shapeOf(value), w.axis, picks));
      const difference = createLinear(
        builder,
        [value],
        [addMatrices(a, scaleMatrix(b, new Float64Array(b.rows).fill(-1)))],
        shape,
        loc,
      );
      const size = builder.create(abs, [difference], {}, loc);
      value = createLinear(builder, [value, size], [addMatrices(a, b), identityMatrix(a.rows)], shape, loc);
      rounds++;
    }
    if (plan.picks) value = pick(plan.picks);
  }
  return { value, rounds };
}

/**
 * Maxima as a tournament: 2 max(a, b) = (a + b) + |a - b|, where sum and difference are `nn.linear` and the size is `nn.abs`,
 * to be approximated (SmartPAF, section 2.2, with |x| = x sign(x)). The halves of all rounds are one factor at the end, which the next linear operator
 * takes over. Exact, padding and overlap included: an absent element is replaced by another one of the same windows.
 * Throws FHE0501 for a window that holds padding only.
 */
export const expandMaxPool = definePass({
  name: 'expand-max-pool',
  summary: 'Replaces maximum pooling by a tournament of sums and absolute differences',
  assumes: [],
  from: 'nn',
  to: 'nn',
  options: {},
  run: (module) =>
    rewriteModule(module, (op, { builder, mapped }) => {
      if (op.op !== maxPool.name && op.op !== reduceMax.name) return undefined;
      const loc = derivedLoc('expand-max-pool', op.loc);
      const windows = op.op === maxPool.name ? poolWindows(op) : reduceWindows(op);
      windows.forEach((w) => requireElements(w, op.loc));
      const { value, rounds } = tournament(builder, mapped(op.operands[0]), windows, loc);
      const half = scaleMatrix(identityMatrix(sizeOf(value)), new Float64Array(sizeOf(value)).fill(2 ** -rounds));
      return createLinear(builder, [value], [half], shapeOf(op), loc);
    }),
});
