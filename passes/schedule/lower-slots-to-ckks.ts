import { Builder } from '../../ir/builder.ts';
import { isComplex, monomialSlots } from '../../ir/complex.ts';
import { conjugate, mulI } from '../../ir/ckks/bootstrap-ops.ts';
import * as ckks from '../../ir/ckks/ops.ts';
import type { Parameters } from '../../ir/ckks/parameters.ts';
import { InternalError, type Loc } from '../../ir/diagnostics.ts';
import { paramName, type Func, type Value } from '../../ir/module.ts';
import { scalar, type Tensor } from '../../ir/tensor.ts';
import { cipherType, type CipherType } from '../../ir/types.ts';
import type { Bootstrapping } from './bootstrapping.ts';
import { levelOf } from './levels.ts';
import type { Plan } from './plan.ts';
import { vectorOf, type PublicTerm, type Sum } from './sums.ts';

/**
 * Emits a planned slots function as CKKS operations. Every fresh value at level l has exactly the canonical scale scales[l], every product
 * scales[l]^2: a plaintext is encoded at the scale that makes it so, whatever the scale of its partner.
 */
export function lowerSlotsToCkks(func: Func, plan: Plan, parameters: Parameters, bootstrapping?: Bootstrapping): Func {
  const lowering = new Lowering(plan, parameters, bootstrapping);
  for (const param of func.params) lowering.param(param);
  for (const value of func.body) if (plan.levels.has(value)) lowering.define(value);
  return lowering.finish(func);
}

/** A ciphertext with a sign that is still to be applied. */
interface Signed {
  readonly value: Value;
  readonly negative: boolean;
}

class Lowering {
  readonly #plan: Plan;
  readonly #scales: readonly number[];
  readonly #builder: Builder;
  readonly #bootstrapping: Bootstrapping | undefined;
  /** What each slots value has become, in the form of its decision. */
  readonly #defined = new Map<Value, Value>();
  /** Versions of ciphertexts at lower levels, made once for each level. */
  readonly #switched = new Map<Value, Map<number, Value>>();
  readonly #lifted = new Map<Value, Map<number, Value>>();
  readonly #adjusted = new Map<Value, Map<number, Value>>();

  constructor(plan: Plan, parameters: Parameters, bootstrapping: Bootstrapping | undefined) {
    this.#plan = plan;
    this.#scales = parameters.scales;
    this.#bootstrapping = bootstrapping;
    this.#builder = new Builder({ parameters });
  }

  param(value: Value): void {
    const level = levelOf(this.#plan.levels, value);
    const type = cipherType(level, this.#scales[level]);
    this.#defined.set(value, this.#builder.param(paramName(value), type, value.loc));
  }

  define(value: Value): void {
    const level = levelOf(this.#plan.levels, value);
    const sum = this.#plan.sums.get(value);
    const made = sum ? this.#sum(sum, level, value.loc) : this.#make(value, level);
    const settled = this.#settle(made, value, level);
    this.#defined.set(
      value,
      (sum?.publicTerms ?? []).reduce((acc, term) => this.#addPublic(acc, term), settled),
    );
  }

  /** Brings what the op gave into the form that was decided for it. */
  #settle(made: Value, value: Value, level: number): Value {
    const decision = this.#plan.decisions.get(value);
    const { level: at, size } = cipher(made);
    if (decision?.form === 'product') return decision.size < size ? this.#relinearize(made, value.loc) : made;
    return at > level ? this.#rescale(made, value.loc) : made;
  }

  finish(func: Func): Func {
    const results = func.results.map((r) => ({ name: r.name, value: this.#at(r.value, 0) }));
    return this.#builder.finish(func.name, results);
  }

  #make(value: Value, level: number): Value {
    const { op, operands, loc } = value;
    switch (op) {
      case 'slots.mul':
        return this.#builder.create(
          ckks.mul,
          operands.map((o) => this.#at(o, level + 1)),
          {},
          loc,
        );
      case 'slots.mul_plain':
        return this.#product(this.#of(operands[0]), vectorOf(value), level + 1, loc);
      case 'slots.rotate':
        return this.#builder.create(ckks.rotate, [this.#moved(value, level)], value.attrs, loc);
      case 'slots.conjugate':
        return this.#builder.create(conjugate, [this.#moved(value, level)], {}, loc);
      case 'slots.mul_monomial':
        return this.#mulMonomial(value, this.#moved(value, level));
      case 'slots.refresh':
        return this.#refresh(value);
      default:
        throw new InternalError(`no CKKS form of ${op}`);
    }
  }

  /** The operand of an op that moves slots, in whatever form it is where it has the level of the result. */
  #moved({ operands: [x] }: Value, level: number): Value {
    return levelOf(this.#plan.levels, x) === level ? this.#of(x) : this.#at(x, level);
  }

  /** X^(N/2) has an op of its own; others are plaintexts of one coefficient, exact at the scale 1, which leaves the product's scale as it is. */
  #mulMonomial({ attrs: { power }, loc, type }: Value, x: Value): Value {
    if (typeof power !== 'number' || type.kind !== 'packed') throw new InternalError('no power of a monomial');
    if (power === type.slots) return this.#builder.create(mulI, [x], {}, loc);
    const plain = this.#encode(monomialSlots(type.slots, power), cipher(x).level, 1, loc);
    return this.#builder.create(ckks.mulPlain, [x, plain], {}, loc);
  }

  /** From whatever level the operand has: a bootstrap goes down to its first level on its own. */
  #refresh({ operands: [operand], attrs: { period } }: Value): Value {
    if (!this.#bootstrapping || typeof period !== 'number') throw new InternalError('no bootstrap is planned');
    return this.#bootstrapping.emit(this.#builder, this.#fresh(operand), period);
  }

  /** The encrypted terms of the sum: a product one level up, or fresh when there is a fresh term at the sum's own level. */
  #sum(sum: Sum, level: number, loc: Loc): Value {
    const products: Signed[] = [];
    const fresh: Signed[] = [];
    const higher = new Map<number, Signed[]>();
    for (const { value, negative } of sum.terms) {
      const from = levelOf(this.#plan.levels, value);
      const term = { value: this.#of(value), negative };
      if (from > level) higher.set(from, [...(higher.get(from) ?? []), term]);
      else if (cipher(term.value).level > level) products.push(term);
      else fresh.push(term);
    }
    for (const terms of higher.values()) {
      const { value, negative } = this.#combine(terms, loc);
      products.push({ value: this.#lift(value, level + 1, loc), negative });
    }
    let total = products.length > 0 ? this.#combine(products, loc) : undefined;
    if (fresh.length > 0) {
      const rescaled = total ? [{ ...total, value: this.#rescale(total.value, loc) }] : [];
      total = this.#combine([...rescaled, ...fresh], loc);
    }
    if (!total) throw new InternalError('a sum without terms');
    return total.negative ? this.#builder.create(ckks.negate, [total.value], {}, loc) : total.value;
  }

  /** Adds the terms in order; the sign stays open only when all are negative. */
  #combine(terms: readonly Signed[], loc: Loc): Signed {
    const first = Math.max(
      0,
      terms.findIndex((t) => !t.negative),
    );
    const { value, negative } = terms[first];
    const rest = terms.filter((_, i) => i !== first);
    const sum = rest.reduce(
      (acc, t) => this.#builder.create(t.negative === negative ? ckks.add : ckks.sub, [acc, t.value], {}, loc),
      value,
    );
    return { value: sum, negative };
  }

  #addPublic(acc: Value, { vector, negative, loc }: PublicTerm): Value {
    const { level, scale } = cipher(acc);
    const signed = negative ? { shape: vector.shape, data: vector.data.map((x) => -x) } : vector;
    return this.#builder.create(ckks.addPlain, [acc, this.#encode(signed, level, scale, loc)], {}, loc);
  }

  #fresh(value: Value): Value {
    if (this.#plan.decisions.get(value)?.form !== 'fresh') throw new InternalError(`${value.op} waits for its rescale`);
    return this.#of(value);
  }

  /** The fresh value of `value` at `level`, at or below its own. */
  #at(value: Value, level: number): Value {
    const x = this.#fresh(value);
    if (cipher(x).level === level) return x;
    return remembered(this.#adjusted, x, level, () => this.#rescale(this.#lift(x, level + 1, value.loc), value.loc));
  }

  /** `x` as a product at `level`: times one, at the scale that makes the product canonical. */
  #lift(x: Value, level: number, loc: Loc): Value {
    return remembered(this.#lifted, x, level, () => this.#product(x, scalar(1), level, loc));
  }

  /** `x * vector` as a product at `level`, at or below the level of `x`. */
  #product(x: Value, vector: Tensor, level: number, loc: Loc): Value {
    const { level: from, scale } = cipher(x);
    const lowered =
      from === level
        ? x
        : remembered(this.#switched, x, level, () => this.#builder.create(ckks.modSwitch, [x], { level }, loc));
    const plain = this.#encode(rounded(vector), level, this.#scales[level] ** 2 / scale, loc);
    return this.#builder.create(ckks.mulPlain, [lowered, plain], {}, loc);
  }

  #encode(vector: Tensor, level: number, scale: number, loc: Loc): Value {
    return this.#builder.create(ckks.encode, [], { vector, level, scale }, loc);
  }

  /** Rescales in size 2 only: see rescaleNoise. */
  #rescale(x: Value, loc: Loc): Value {
    return this.#builder.create(ckks.rescale, [this.#relinearize(x, loc)], {}, loc);
  }

  #relinearize(x: Value, loc: Loc): Value {
    return cipher(x).size === 2 ? x : this.#builder.create(ckks.relinearize, [x], {}, loc);
  }

  #of(value: Value): Value {
    const found = this.#defined.get(value);
    if (!found) throw new InternalError(`value of ${value.op} used before its definition`);
    return found;
  }
}

/**
 * Complex weights as 32-bit floats, which is how weights are stored: real ones are rounded when the program is made, but complex ones cannot be told there
 * from the transforms of bootstraps, which need all their bits.
 */
const rounded = (vector: Tensor): Tensor =>
  isComplex(vector) ? { shape: vector.shape, data: vector.data.map(Math.fround) } : vector;

function cipher(value: Value): CipherType {
  if (value.type.kind !== 'cipher') throw new InternalError(`${value.op} is not a ciphertext`);
  return value.type;
}

function remembered(memo: Map<Value, Map<number, Value>>, x: Value, level: number, make: () => Value): Value {
  const levels = memo.get(x) ?? new Map<number, Value>();
  memo.set(x, levels);
  const value = levels.get(level) ?? make();
  levels.set(level, value);
  return value;
}
