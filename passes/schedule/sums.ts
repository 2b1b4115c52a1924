import { isTensorAttr } from '../../ir/define.ts';
import { InternalError, type Loc } from '../../ir/diagnostics.ts';
import { countUses, type Func, type Value } from '../../ir/module.ts';
import type { Tensor } from '../../ir/tensor.ts';

/** A summand of encrypted values. */
export interface Term {
  readonly value: Value;
  readonly negative: boolean;
}

/** A public summand. */
export interface PublicTerm {
  readonly vector: Tensor;
  readonly negative: boolean;
  readonly loc: Loc;
}

/** A value written as a signed sum; a single term for `negate` and `pack`. */
export interface Sum {
  readonly terms: readonly Term[];
  readonly publicTerms: readonly PublicTerm[];
}

const sumOps: ReadonlySet<string> = new Set([
  'slots.add',
  'slots.sub',
  'slots.negate',
  'slots.add_plain',
  'slots.pack',
]);

export function vectorOf(value: Value): Tensor {
  const { vector } = value.attrs;
  if (vector === undefined || !isTensorAttr(vector)) throw new InternalError(`${value.op} without a vector`);
  return vector;
}

/**
 * Writes the additive ops of a slots function as flat sums. An additive op whose only use is in another additive op is part of the
 * sum of its user and has no entry. Flat sums let all products of a sum share one rescale and one relinearization, however the
 * additions were nested.
 */
export function flattenSums(func: Func): ReadonlyMap<Value, Sum> {
  const uses = countUses(func);
  const inner = new Set<Value>();
  for (const value of func.body) {
    if (!sumOps.has(value.op)) continue;
    for (const o of value.operands) if (sumOps.has(o.op) && uses.get(o) === 1) inner.add(o);
  }
  const sums = new Map<Value, Sum>();
  for (const value of func.body) {
    if (sumOps.has(value.op) && !inner.has(value)) sums.set(value, flatten(value, inner));
  }
  return sums;
}

function flatten(root: Value, inner: ReadonlySet<Value>): Sum {
  const terms: Term[] = [];
  const publicTerms: PublicTerm[] = [];
  // Depth first with the left operand on top, so that terms keep their order.
  const stack: Term[] = [{ value: root, negative: false }];
  for (let term = stack.pop(); term; term = stack.pop()) {
    const { value, negative } = term;
    if (value !== root && !inner.has(value)) {
      terms.push(term);
      continue;
    }
    if (value.op === 'slots.add_plain') publicTerms.push({ vector: vectorOf(value), negative, loc: value.loc });
    const signs = value.operands.map(
      (_, i) => negative !== (value.op === 'slots.negate' || (value.op === 'slots.sub' && i === 1)),
    );
    for (let i = value.operands.length - 1; i >= 0; i--) stack.push({ value: value.operands[i], negative: signs[i] });
  }
  return { terms, publicTerms };
}
