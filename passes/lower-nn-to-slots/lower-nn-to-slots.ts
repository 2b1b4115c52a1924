import { Builder } from '../../ir/builder.ts';
import { fail } from '../../ir/diagnostics.ts';
import { formatLayout } from '../../ir/layout.ts';
import { paramName, vectorName, type Func, type Module, type Result, type Value } from '../../ir/module.ts';
import { pack, refresh } from '../../ir/slots/ops.ts';
import { packedType } from '../../ir/types.ts';
import { definePass } from '../define-pass.ts';
import { sealCosts, type OperationCosts } from '../kernels/count-arithmetic.ts';
import { emitArithmetic } from '../kernels/emit-arithmetic.ts';
import { assignLayouts, type Layouts } from './assign-layouts.ts';
import { Lowering } from './lowering.ts';

export interface LoweringOptions {
  /** Slots of a vector, N / 2: a power of two. */
  readonly slots: number;
  readonly costs?: OperationCosts;
  /** Layouts that are known already; they are searched for where absent, which takes most of the time. */
  readonly layouts?: Layouts;
}

function lowerFunc(func: Func, { slots, costs = sealCosts, layouts }: LoweringOptions): Func {
  const builder = new Builder();
  const lowering = new Lowering<Value>({
    slots,
    costs,
    layoutOf: (layouts ?? assignLayouts(func, slots, costs)).of(func),
    on: ({ loc }) => emitArithmetic(builder, slots, loc),
    refresh: (x, { loc }, period) => builder.create(refresh, [x], { period }, loc),
  });
  for (const param of func.params) {
    lowering.param(param, (layout, vectors) =>
      Array.from({ length: vectors }, (_, v) =>
        builder.param(vectorName(paramName(param), v), packedType(slots, layout), param.loc),
      ),
    );
  }
  func.body.forEach((op) => lowering.op(op));
  const results = func.results.flatMap(({ name, value }): Result[] => {
    const { vectors, layout } = lowering.result(value);
    const attrs = { layout: formatLayout(layout) };
    return vectors.map((x, v) => ({ name: vectorName(name, v), value: builder.create(pack, [x], attrs, value.loc) }));
  });
  return builder.finish(func.name, results);
}

/** Lowers canonical nn (nn.linear, nn.polynomial with folded scales, nn.refresh, nn.add, nn.mul; batch 1) to vectors of slots. */
export function lowerNnToSlots(module: Module, options: LoweringOptions): Module {
  const { slots } = options;
  if (!(slots >= 2 && (slots & (slots - 1)) === 0)) fail('FHE0901', `slots must be a power of two, not ${slots}`);
  return { ...module, level: 'slots', funcs: module.funcs.map((func) => lowerFunc(func, options)) };
}

export const lowerNnToSlotsPass = definePass({
  name: 'lower-nn-to-slots',
  summary: 'Lays tensors out in vectors of slots, and turns linear maps into rotations and products with diagonals.',
  assumes: ['only nn.linear, nn.polynomial with scale 1, nn.refresh, nn.add and nn.mul', 'batch 1'],
  from: 'nn',
  to: 'slots',
  options: { slots: { kind: 'int', default: 8192, help: 'slots of a vector: half the ring degree' } },
  run: (module, { slots }) => lowerNnToSlots(module, { slots }),
});
