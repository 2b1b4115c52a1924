import { Builder } from '../../ir/builder.ts';
import { isTensorAttr } from '../../ir/define.ts';
import { fail, InternalError } from '../../ir/diagnostics.ts';
import { formatLayout, layoutVectors, type Layout } from '../../ir/layout.ts';
import { paramName, vectorName, type Func, type Module, type Result, type Value } from '../../ir/module.ts';
import { channelOf } from '../../ir/nn/define.ts';
import { packVectors } from '../../ir/packing.ts';
import { pack } from '../../ir/slots/ops.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { packedType } from '../../ir/types.ts';
import { definePass } from '../define-pass.ts';
import type { Arithmetic } from '../kernels/arithmetic.ts';
import { sealCosts, type OperationCosts } from '../kernels/count-arithmetic.ts';
import { emitArithmetic } from '../kernels/emit-arithmetic.ts';
import { encrypted, encryptedZero, foldArithmetic, publicVector, type Foldable } from '../kernels/fold-arithmetic.ts';
import { applyLinearPlan, planLinearMap } from '../kernels/linear-map.ts';
import { applyPolynomial } from '../kernels/polynomial.ts';
import { copiesOfBits, copyBits } from '../kernels/slot-bits.ts';
import { shapeOf } from '../nn/linear-op.ts';
import { assignLayouts } from './assign-layouts.ts';
import { coefficientsOf } from './coefficients.ts';
import { matricesOf } from './layout-groups.ts';

export interface LoweringOptions {
  /** Slots of a vector, N / 2: a power of two. */
  readonly slots: number;
  readonly costs?: OperationCosts;
}

/** A tensor in slots: its vectors, in the layout's order. */
interface Packed {
  readonly vectors: readonly Foldable<Value>[];
  readonly layout: Layout;
  /** Slots without an element hold 0 or copies of elements: safe for any polynomial. */
  readonly clean: boolean;
}

class Lowering {
  readonly builder = new Builder();
  readonly #slots: number;
  readonly #costs: OperationCosts;
  readonly #layoutOf: (value: Value) => Layout;
  readonly #packed = new Map<Value, Packed>();
  /** Any encrypted vector. */
  #first: Value | undefined;

  constructor(func: Func, slots: number, costs: OperationCosts) {
    this.#slots = slots;
    this.#costs = costs;
    this.#layoutOf = assignLayouts(func, slots, costs);
  }

  packed(value: Value): Packed {
    const packed = this.#packed.get(value);
    if (!packed) throw new InternalError(`value of ${value.op} used before its definition`);
    return packed;
  }

  param(value: Value): void {
    const layout = this.#layoutOf(value);
    const type = packedType(this.#slots, layout);
    const vectors = Array.from({ length: layoutVectors(layout, this.#slots) }, (_, v) =>
      this.builder.param(vectorName(paramName(value), v), type, value.loc),
    );
    this.#first ??= vectors[0];
    this.#packed.set(value, { vectors: vectors.map(encrypted), layout, clean: true });
  }

  op(value: Value): void {
    this.#packed.set(value, this.#lower(value));
  }

  result(name: string, value: Value): Result[] {
    const { vectors, layout } = this.packed(value);
    const attrs = { layout: formatLayout(layout) };
    return vectors.map((vector, v) => ({
      name: vectorName(name, v),
      value: this.builder.create(pack, [this.#asEncrypted(vector, value)], attrs, value.loc),
    }));
  }

  #arithmetic(value: Value): Arithmetic<Foldable<Value>> {
    return foldArithmetic(emitArithmetic(this.builder, this.#slots, value.loc));
  }

  #asEncrypted(vector: Foldable<Value>, { loc }: Value): Value {
    if (vector.kind === 'encrypted') return vector.value;
    if (!this.#first) return fail('FHE0501', 'a network without an encrypted input', loc);
    const on = emitArithmetic(this.builder, this.#slots, loc);
    return on.addPlain(encryptedZero(on, this.#first), vector.vector);
  }

  #lower(value: Value): Packed {
    switch (value.op) {
      case 'nn.linear':
        return this.#linear(value);
      case 'nn.polynomial':
        return this.#polynomial(value);
      case 'nn.add':
      case 'nn.mul':
        return this.#elementwise(value);
      default:
        return fail('FHE0501', `${value.op} cannot be computed on encrypted vectors`, value.loc, [
          'Only linear maps, polynomials, sums and products are; approximation must come first.',
        ]);
    }
  }

  #linear(value: Value): Packed {
    const operands = value.operands.map((o) => this.packed(o));
    const on = this.#arithmetic(value);
    const plan = planLinearMap(
      matricesOf(value).map((matrix, i) => ({ matrix, layout: operands[i].layout })),
      this.#layoutOf(value),
      this.#slots,
      this.#costs,
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
    return { vectors, layout: plan.output, clean: plan.clean && plan.units.length === 0 };
  }

  #bias(bias: Tensor, layout: Layout): Float64Array[] {
    return packVectors(layout, this.#slots, (element) => bias.data[element]);
  }

  #polynomial(value: Value): Packed {
    const { vectors, layout, clean } = this.packed(value.operands[0]);
    const on = this.#arithmetic(value);
    const coefficients = coefficientsOf(value);
    const channel = channelOf(shapeOf(value));
    const made = new Map<Float64Array, Float64Array[]>();
    const spread = (perChannel: Float64Array, vector: number): Float64Array => {
      if (clean && perChannel.every((c) => c === perChannel[0])) return perChannel.subarray(0, 1);
      const all =
        made.get(perChannel) ??
        packVectors(layout, this.#slots, (e) => perChannel[perChannel.length === 1 ? 0 : channel(e)]);
      made.set(perChannel, all);
      return all[vector];
    };
    return {
      vectors: vectors.map((x, v) => applyPolynomial(on, x, coefficients, (c) => spread(c, v))),
      layout,
      clean,
    };
  }

  #elementwise(value: Value): Packed {
    const [a, b] = value.operands.map((o) => this.packed(o));
    const on = this.#arithmetic(value);
    const vectors = a.vectors.map((x, v) =>
      value.op === 'nn.add' ? on.add(x, b.vectors[v]) : on.mul(x, b.vectors[v]),
    );
    const copies = copyBits(a.layout, this.#slots) & copyBits(b.layout, this.#slots);
    return { vectors, layout: { ...a.layout, copies: copiesOfBits(copies) }, clean: a.clean && b.clean };
  }
}

/** Lowers canonical nn (nn.linear, nn.polynomial with folded scales, nn.add, nn.mul; batch 1) to vectors of slots. */
export function lowerNnToSlots(module: Module, options: LoweringOptions): Module {
  const { slots, costs = sealCosts } = options;
  if (!(slots >= 2 && (slots & (slots - 1)) === 0)) fail('FHE0901', `slots must be a power of two, not ${slots}`);
  const funcs = module.funcs.map((func) => {
    const lowering = new Lowering(func, slots, costs);
    func.params.forEach((p) => lowering.param(p));
    func.body.forEach((op) => lowering.op(op));
    return lowering.builder.finish(
      func.name,
      func.results.flatMap((r) => lowering.result(r.name, r.value)),
    );
  });
  return { ...module, level: 'slots', funcs };
}

export const lowerNnToSlotsPass = definePass({
  name: 'lower-nn-to-slots',
  summary: 'Lays tensors out in vectors of slots, and turns linear maps into rotations and products with diagonals.',
  assumes: ['only nn.linear, nn.polynomial with scale 1, nn.add and nn.mul', 'batch 1'],
  from: 'nn',
  to: 'slots',
  options: { slots: { kind: 'int', default: 8192, help: 'slots of a vector: half the ring degree' } },
  run: (module, { slots }) => lowerNnToSlots(module, { slots }),
});
