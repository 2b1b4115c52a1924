import { Builder } from '../../ir/builder.ts';
import { InternalError, unknownLoc } from '../../ir/diagnostics.ts';
import type { Layout } from '../../ir/layout.ts';
import type { Func, Value } from '../../ir/module.ts';
import { polynomial } from '../../ir/nn/polynomial.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { tensorType } from '../../ir/types.ts';
import type { CostedOp } from '../analysis/cost-table.ts';
import type { Arithmetic } from '../kernels/arithmetic.ts';
import type { OperationCosts } from '../kernels/count-arithmetic.ts';
import type { Layouts } from '../lower-nn-to-slots/assign-layouts.ts';
import { Lowering } from '../lower-nn-to-slots/lowering.ts';

/** What one op of the nn level becomes, before its level is known. */
export interface OpProfile {
  /** Vectors of its result. */
  readonly vectors: number;
  /** Their slots repeat with this period. */
  readonly period: number;
  /** Levels from each operand to the result. */
  readonly depths: readonly number[];
  /** How often each ckks op runs on operands that stand a number of levels above the result: `counts.get(op)[levels]`. */
  readonly counts: ReadonlyMap<CostedOp, readonly number[]>;
}

/** A vector while the ops of one value are counted. */
interface Counted {
  readonly owner: Value;
  /** Multiplications since each operand of the owner, by the value that the operand's vector belongs to. */
  readonly depths: ReadonlyMap<Value, number>;
  /** A product that is not rescaled yet. */
  readonly product: boolean;
}

/** Counts the ops of one value; levels are counted down from the operands. */
class Counter implements Arithmetic<Counted> {
  readonly slots: number;
  readonly #owner: Value;
  readonly #counts = new Map<CostedOp, Map<number, number>>();
  readonly #rescaled = new Set<Counted>();

  constructor(slots: number, owner: Value) {
    this.slots = slots;
    this.#owner = owner;
  }

  add(a: Counted, b: Counted): Counted {
    return this.#join('add', a, b);
  }
  sub(a: Counted, b: Counted): Counted {
    return this.#join('sub', a, b);
  }
  mul(a: Counted, b: Counted): Counted {
    const [x, y] = [this.#fresh(a), this.#fresh(b)];
    const made = { ...this.#deeper(merged(x, y)), product: true };
    this.#count('mul', depthOf(made) - 1);
    this.#count('relinearize', depthOf(made) - 1);
    return made;
  }
  mulPlain(a: Counted): Counted {
    const made = { ...this.#deeper(this.#fresh(a)), product: true };
    this.#count('encode', depthOf(made) - 1);
    this.#count('mul_plain', depthOf(made) - 1);
    return made;
  }
  addPlain(a: Counted): Counted {
    const x = this.#own(a);
    this.#count('encode', this.#at(x));
    this.#count('add_plain', this.#at(x));
    return { ...x };
  }
  rotate(a: Counted): Counted {
    return this.#unary('rotate', a);
  }
  negate(a: Counted): Counted {
    return this.#unary('negate', a);
  }
  conjugate(a: Counted): Counted {
    return this.#unary('conjugate', a);
  }
  mulMonomial(a: Counted, power: number): Counted {
    if (power === this.slots) return this.#unary('mul_i', a);
    this.#count('encode', this.#at(this.#own(a)));
    return this.#unary('mul_plain', a);
  }

  /** The vectors of the result, and what they took; `depths` by operand. */
  profile(results: readonly Counted[]): Pick<OpProfile, 'depths' | 'counts'> {
    const depths = this.#owner.operands.map((o) =>
      Math.max(0, ...results.map((r) => this.#fresh(r).depths.get(o) ?? 0)),
    );
    const deepest = Math.max(0, ...depths);
    const counts = new Map<CostedOp, number[]>();
    for (const [op, byDepth] of this.#counts) {
      const above = new Array<number>(deepest + 1).fill(0);
      for (const [depth, count] of byDepth) above[Math.max(0, deepest - depth)] += count;
      counts.set(op, above);
    }
    return { depths, counts };
  }

  #unary(op: 'rotate' | 'negate' | 'conjugate' | 'mul_i' | 'mul_plain', a: Counted): Counted {
    const x = this.#own(a);
    this.#count(op, this.#at(x));
    return { ...x };
  }

  #join(op: 'add' | 'sub', a: Counted, b: Counted): Counted {
    const [x, y] = [this.#own(a), this.#own(b)];
    // A product and a fresh value of its level: the product is rescaled first.
    const [p, q] = x.product === y.product ? [x, y] : [this.#fresh(x), this.#fresh(y)];
    const made = { ...merged(p, q), product: p.product && q.product };
    this.#count(op, this.#at(made));
    return made;
  }

  /** A vector of an operand of the owner starts to count here. */
  #own(x: Counted): Counted {
    return x.owner === this.#owner ? x : { owner: this.#owner, depths: new Map([[x.owner, 0]]), product: false };
  }

  #fresh(a: Counted): Counted {
    const x = this.#own(a);
    if (!x.product) return x;
    if (!this.#rescaled.has(x)) this.#count('rescale', this.#at(x));
    this.#rescaled.add(x);
    return { ...x, product: false };
  }

  #deeper(x: Counted): Counted {
    return { ...x, depths: new Map([...x.depths].map(([o, d]) => [o, d + 1])) };
  }

  /** The depth of the level at which ops on the vector run. */
  #at(x: Counted): number {
    return depthOf(x) - (x.product ? 1 : 0);
  }

  #count(op: CostedOp, depth: number): void {
    const byDepth = this.#counts.get(op) ?? new Map<number, number>();
    this.#counts.set(op, byDepth.set(depth, (byDepth.get(depth) ?? 0) + 1));
  }
}

const depthOf = ({ depths }: Counted): number => Math.max(0, ...depths.values());

function merged(a: Counted, b: Counted): Counted {
  const depths = new Map(a.depths);
  for (const [o, d] of b.depths) depths.set(o, Math.max(d, depths.get(o) ?? 0));
  return { ...a, depths };
}

/**
 * Profiles every op of an approximated nn function on vectors of `slots` slots, by running its lowering on counters. Values stand by their
 * operands: where a value reads one operand twice, it has its depth at both places. An op that reads several vectors of a shared
 * operand is one op.
 */
export function profileOps(
  func: Func,
  layouts: Layouts,
  slots: number,
  costs: OperationCosts,
): ReadonlyMap<Value, OpProfile> {
  const counters = new Map<Value, Counter>();
  const lowering = new Lowering<Counted>({
    slots,
    costs,
    layoutOf: layouts.of(func),
    on: (value) => {
      const counter = counters.get(value) ?? new Counter(slots, value);
      counters.set(value, counter);
      return counter;
    },
    refresh: () => {
      throw new InternalError('profiles are for functions that are not refreshed yet');
    },
  });
  const profiles = new Map<Value, OpProfile>();
  for (const param of func.params) {
    let counted = 0;
    lowering.param(param, (_, vectors) => {
      counted = vectors;
      return Array.from({ length: vectors }, () => ({ owner: param, depths: new Map(), product: false }));
    });
    const { period } = lowering.packed(param);
    profiles.set(param, { vectors: counted, period, depths: [], counts: new Map() });
  }
  for (const op of func.body) {
    lowering.op(op);
    const vectors = lowering.packed(op).vectors.flatMap((v) => (v.kind === 'encrypted' ? [v.value] : []));
    const counter = counters.get(op) ?? new Counter(slots, op);
    profiles.set(op, { vectors: vectors.length, period: lowering.packed(op).period, ...counter.profile(vectors) });
  }
  return profiles;
}

/**
 * Profiles an element-wise polynomial of these coefficients (as {@link polynomial} has them) in place of an activation, on vectors laid out by `layout`. What it
 * costs does not depend on what stands around it, so that every polynomial that may be chosen is profiled without the network.
 */
export function profilePolynomial(
  shape: readonly number[],
  coefficients: Tensor,
  layout: Layout,
  slots: number,
  costs: OperationCosts,
): OpProfile {
  const builder = new Builder();
  const x = builder.param('x', tensorType(shape));
  const y = builder.create(polynomial, [x], { coefficients, scale: [1] }, unknownLoc);
  const func = builder.finish('main', [{ name: 'y', value: y }]);
  const found = profileOps(func, { of: () => () => layout }, slots, costs).get(func.body[0]);
  if (!found) throw new InternalError('a polynomial without a profile');
  return found;
}
