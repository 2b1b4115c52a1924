import { isTensorAttr } from '../../ir/define.ts';
import { fail, InternalError } from '../../ir/diagnostics.ts';
import { layoutVectors, type Layout } from '../../ir/layout.ts';
import type { Value } from '../../ir/module.ts';
import { channelOf } from '../../ir/nn/define.ts';
import { packVectors } from '../../ir/packing.ts';
import type { Tensor } from '../../ir/tensor.ts';
import type { Arithmetic } from '../kernels/arithmetic.ts';
import type { OperationCosts } from '../kernels/count-arithmetic.ts';
import { encrypted, encryptedZero, foldArithmetic, publicVector, type Foldable } from '../kernels/fold-arithmetic.ts';
import { applyLinearPlan, planLinearMap } from '../kernels/linear-map.ts';
import { applyPolynomial } from '../kernels/polynomial.ts';
import { copiesOfBits, copyBits, periodOfBits } from '../kernels/slot-bits.ts';
import { shapeOf } from '../nn/linear-op.ts';
import { coefficientsOf } from './coefficients.ts';
import { matricesOf } from './layout-groups.ts';

/** A tensor in slots: its vectors, in the layout's order. */
export interface Packed<V> {
  readonly vectors: readonly Foldable<V>[];
  readonly layout: Layout;
  /** Slots without an element hold 0 or copies of elements: safe for any polynomial. */
  readonly clean: boolean;
  /** Every slot, whether it holds an element or not, repeats with this period, a power of two of at least {@link shortestPeriod}. */
  readonly period: number;
}

/** What the lowering is written over: it emits slots ops, or counts what it would emit. */
export interface LoweringTarget<V> {
  readonly slots: number;
  readonly costs: OperationCosts;
  readonly layoutOf: (value: Value) => Layout;
  /** The arithmetic for the vectors of an op of the nn level. */
  readonly on: (value: Value) => Arithmetic<V>;
  /** Bootstraps a vector that repeats with the period. */
  readonly refresh: (x: V, value: Value, period: number) => V;
}

/** Fewer slots cannot be bootstrapped. */
const shortestPeriod = 4;

/** Lowers approximated nn, value after value. */
export class Lowering<V> {
  readonly #target: LoweringTarget<V>;
  readonly #packed = new Map<Value, Packed<V>>();
  /** Any encrypted vector. */
  #first: V | undefined;

  constructor(target: LoweringTarget<V>) {
    this.#target = target;
  }

  packed(value: Value): Packed<V> {
    const packed = this.#packed.get(value);
    if (!packed) throw new InternalError(`value of ${value.op} used before its definition`);
    return packed;
  }

  /** `make` gives the vectors of a parameter. */
  param(value: Value, make: (layout: Layout, vectors: number) => readonly V[]): void {
    const layout = this.#target.layoutOf(value);
    const vectors = make(layout, layoutVectors(layout, this.#target.slots));
    this.#first ??= vectors[0];
    this.#packed.set(value, { vectors: vectors.map(encrypted), layout, clean: true, period: this.#periodOf(layout) });
  }

  op(value: Value): void {
    this.#packed.set(value, this.#lower(value));
  }

  /** The vectors of a result: encrypted ones, and its layout. */
  result(value: Value): { readonly vectors: readonly V[]; readonly layout: Layout } {
    const { vectors, layout } = this.packed(value);
    return { vectors: vectors.map((v) => this.#asEncrypted(v, value)), layout };
  }

  #asEncrypted(vector: Foldable<V>, value: Value): V {
    if (vector.kind === 'encrypted') return vector.value;
    if (this.#first === undefined) return fail('FHE0501', 'a network without an encrypted input', value.loc);
    const on = this.#target.on(value);
    return on.addPlain(encryptedZero(on, this.#first), vector.vector);
  }

  #lower(value: Value): Packed<V> {
    switch (value.op) {
      case 'nn.linear':
        return this.#linear(value);
      case 'nn.polynomial':
        return this.#polynomial(value);
      case 'nn.refresh':
        return this.#refresh(value);
      case 'nn.add':
      case 'nn.mul':
        return this.#elementwise(value);
      default:
        return fail('FHE0501', `${value.op} cannot be computed on encrypted vectors`, value.loc, [
          'Only linear maps, polynomials, sums and products are; approximation must come first.',
        ]);
    }
  }

  #linear(value: Value): Packed<V> {
    const { slots, costs, layoutOf, on: arithmetic } = this.#target;
    const operands = value.operands.map((o) => this.packed(o));
    const on = foldArithmetic(arithmetic(value));
    // What is computed beforehand stays real.
    const allEncrypted = operands.every((o) => o.vectors.every((v) => v.kind === 'encrypted'));
    const plan = planLinearMap(
      matricesOf(value).map((matrix, i) => ({ matrix, layout: operands[i].layout, period: operands[i].period })),
      layoutOf(value),
      slots,
      allEncrypted ? costs : { ...costs, conjugation: Infinity },
    );
    const mapped = applyLinearPlan(
      on,
      plan,
      operands.map((o) => o.vectors),
    );
    const bias = value.attrs['bias'];
    const biasVectors = bias !== undefined && isTensorAttr(bias) ? this.#bias(bias, plan.output) : [];
    const vectors = mapped.map((vector, v) => {
      const known = vector ?? publicVector(new Float64Array(1));
      return biasVectors.length > 0 ? on.addPlain(known, biasVectors[v]) : known;
    });
    // Diagonals and biases are zero but where the layout has an element or a copy; bare rotations keep whatever their operand has.
    const periods = [...new Set(plan.units.map((u) => u.operand))].map((i) => operands[i].period);
    if (plan.terms.length > 0 || biasVectors.length > 0) periods.push(this.#periodOf(plan.output));
    return {
      vectors,
      layout: plan.output,
      clean: plan.clean && plan.units.length === 0,
      period: Math.max(shortestPeriod, ...periods),
    };
  }

  /** The period of vectors that hold nothing but the elements of a layout and their copies. */
  #periodOf(layout: Layout): number {
    const { slots } = this.#target;
    return Math.max(shortestPeriod, periodOfBits(copyBits(layout, slots), slots));
  }

  #bias(bias: Tensor, layout: Layout): Float64Array[] {
    return packVectors(layout, this.#target.slots, (element) => bias.data[element]);
  }

  #polynomial(value: Value): Packed<V> {
    const { vectors, layout, clean, period } = this.packed(value.operands[0]);
    const on = foldArithmetic(this.#target.on(value));
    const coefficients = coefficientsOf(value);
    const channel = channelOf(shapeOf(value));
    const made = new Map<Float64Array, Float64Array[]>();
    const spread = (perChannel: Float64Array, vector: number): Float64Array => {
      if (clean && perChannel.every((c) => c === perChannel[0])) return perChannel.subarray(0, 1);
      const all =
        made.get(perChannel) ??
        packVectors(layout, this.#target.slots, (e) => perChannel[perChannel.length === 1 ? 0 : channel(e)]);
      made.set(perChannel, all);
      return all[vector];
    };
    return {
      vectors: vectors.map((x, v) => applyPolynomial(on, x, coefficients, (c) => spread(c, v))),
      layout,
      clean,
      period: Math.max(period, this.#periodOf(layout)),
    };
  }

  #refresh(value: Value): Packed<V> {
    const packed = this.packed(value.operands[0]);
    const vectors = packed.vectors.map((x) =>
      x.kind === 'encrypted' ? encrypted(this.#target.refresh(x.value, value, packed.period)) : x,
    );
    return { ...packed, vectors };
  }

  #elementwise(value: Value): Packed<V> {
    const [a, b] = value.operands.map((o) => this.packed(o));
    const on = foldArithmetic(this.#target.on(value));
    const vectors = a.vectors.map((x, v) =>
      value.op === 'nn.add' ? on.add(x, b.vectors[v]) : on.mul(x, b.vectors[v]),
    );
    const copies = copyBits(a.layout, this.#target.slots) & copyBits(b.layout, this.#target.slots);
    return {
      vectors,
      layout: { ...a.layout, copies: copiesOfBits(copies) },
      clean: a.clean && b.clean,
      period: Math.max(a.period, b.period),
    };
  }
}
