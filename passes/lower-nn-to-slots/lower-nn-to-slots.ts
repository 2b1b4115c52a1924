import { Builder } from '../../ir/builder.ts';
import { isTensorAttr } from '../../ir/define.ts';
import { fail, InternalError } from '../../ir/diagnostics.ts';
import { copyOffsets, formatLayout, layoutSlots, layoutVectors, type Layout } from '../../ir/layout.ts';
import { paramName, vectorName, type Func, type Module, type Result, type Value } from '../../ir/module.ts';
import { channelOf } from '../../ir/nn/define.ts';
import { pack } from '../../ir/slots/ops.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { packedType } from '../../ir/types.ts';
import { definePass } from '../define-pass.ts';
import { sealCosts, type OperationCosts } from '../kernels/count-arithmetic.ts';
import { emitArithmetic } from '../kernels/emit-arithmetic.ts';
import { applyLinearPlan, planLinearMap } from '../kernels/linear-map.ts';
import { applyPolynomial } from '../kernels/polynomial.ts';
import { copiesOfBits, copyBits } from '../kernels/slot-bits.ts';
import { assignLayouts } from './assign-layouts.ts';
import { coefficientsOf } from './coefficients.ts';
import { matricesOf, shapeOf } from './layout-groups.ts';

export interface LoweringOptions {
  /** Slots of a vector, N / 2: a power of two. */
  readonly slots: number;
  readonly costs?: OperationCosts;
}

/** A tensor in slots: its vectors, in the layout's order. */
interface Packed {
  readonly vectors: readonly Value[];
  readonly layout: Layout;
  /** Slots without an element hold 0 or copies of elements: safe for any polynomial. */
  readonly clean: boolean;
}

/** For each vector: a function of the element's flat index on the slots that hold elements, 0 elsewhere. */
function slotVectors(layout: Layout, slots: number, at: (element: number) => number): Float64Array[] {
  const vectors = Array.from({ length: layoutVectors(layout, slots) }, () => new Float64Array(slots));
  const offsets = copyOffsets(layout);
  layoutSlots(layout).forEach((slot, element) => {
    const value = at(element);
    for (const offset of offsets) vectors[Math.floor((slot + offset) / slots)][(slot + offset) % slots] = value;
  });
  return vectors;
}

class Lowering {
  readonly builder = new Builder();
  readonly #slots: number;
  readonly #costs: OperationCosts;
  readonly #layoutOf: (value: Value) => Layout;
  readonly #packed = new Map<Value, Packed>();

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
    this.#packed.set(value, { vectors, layout, clean: true });
  }

  op(value: Value): void {
    this.#packed.set(value, this.#lower(value));
  }

  result(name: string, value: Value): Result[] {
    const { vectors, layout } = this.packed(value);
    const attrs = { layout: formatLayout(layout) };
    return vectors.map((vector, v) => ({
      name: vectorName(name, v),
      value: this.builder.create(pack, [vector], attrs, value.loc),
    }));
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
    if (operands.length === 0) return fail('FHE0501', 'a linear map of no encrypted value', value.loc);
    const on = emitArithmetic(this.builder, this.#slots, value.loc);
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
      const known = vector ?? on.mulPlain(operands[0].vectors[0], Float64Array.of(0));
      return biasVectors[v]?.some((b) => b !== 0) ? on.addPlain(known, biasVectors[v]) : known;
    });
    return { vectors, layout: plan.output, clean: plan.clean && plan.units.length === 0 };
  }

  #bias(bias: Tensor, layout: Layout): Float64Array[] {
    return slotVectors(layout, this.#slots, (element) => bias.data[element]);
  }

  #polynomial(value: Value): Packed {
    const { vectors, layout, clean } = this.packed(value.operands[0]);
    const on = emitArithmetic(this.builder, this.#slots, value.loc);
    const coefficients = coefficientsOf(value);
    const channel = channelOf(shapeOf(value));
    const made = new Map<Float64Array, Float64Array[]>();
    const spread = (perChannel: Float64Array, vector: number): Float64Array => {
      if (clean && perChannel.every((c) => c === perChannel[0])) return perChannel.subarray(0, 1);
      const all =
        made.get(perChannel) ??
        slotVectors(layout, this.#slots, (e) => perChannel[perChannel.length === 1 ? 0 : channel(e)]);
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
    const on = emitArithmetic(this.builder, this.#slots, value.loc);
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
