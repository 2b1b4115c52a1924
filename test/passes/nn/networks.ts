import fc from 'fast-check';
import { Builder } from '../../../ir/builder.ts';
import type { Attrs } from '../../../ir/define.ts';
import { FhecError } from '../../../ir/diagnostics.ts';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import type { Module, Value } from '../../../ir/module.ts';
import { registry } from '../../../ir/registry.ts';
import { elementCount, tensor, type Tensor } from '../../../ir/tensor.ts';
import { tensorType } from '../../../ir/types.ts';

/** Reproducible numbers in [-1, 1). */
export function noise(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

export function randomTensor(shape: readonly number[], next: () => number): Tensor {
  return tensor(shape, Float64Array.from({ length: elementCount(shape) }, next));
}

/** Builds a one-input network; `grow` makes the result from the input. */
export function network(shape: readonly number[], grow: (make: Maker, x: Value) => Value): Module {
  const builder = new Builder();
  const x = builder.param('x', tensorType(shape));
  const value = grow(maker(builder), x);
  const resultShape = value.type.kind === 'tensor' ? value.type.shape : [];
  return {
    level: 'nn',
    interface: {
      inputs: [{ name: 'x', shape, factor: [1] }],
      outputs: [{ name: 'y', shape: resultShape, factor: [1] }],
      clientSteps: [],
    },
    funcs: [builder.finish('main', [{ name: 'y', value }])],
  };
}

export interface Maker {
  readonly op: (name: string, operands: readonly Value[], attrs?: Attrs) => Value;
  readonly constant: (value: Tensor) => Value;
}

const maker = (builder: Builder): Maker => ({
  op: (name, operands, attrs = {}) => builder.create(registry.get(`nn.${name}`), operands, attrs),
  constant: (value) => builder.create(registry.get('nn.constant'), [], { value }),
});

/** Evaluates `main` on one input. */
export const outputOf = (module: Module, x: Tensor): Float64Array => evaluateFunc(module.funcs[0], [x])[0].data;

/** The largest difference relative to the largest number of `a` (or 1). */
export function difference(a: Float64Array, b: Float64Array): number {
  if (a.length !== b.length) return Infinity;
  const size = a.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
  return a.reduce((m, v, i) => Math.max(m, Math.abs(v - b[i])), 0) / size;
}

export const shapeOf = (value: Value): readonly number[] => (value.type.kind === 'tensor' ? value.type.shape : []);

type Layer = (make: Maker, x: Value, next: () => number) => Value;

const pair = (least: number, most: number): fc.Arbitrary<number[]> =>
  fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most })).map((p) => [...p]);
const four = (most: number): fc.Arbitrary<number[]> => fc.array(fc.nat(most), { minLength: 4, maxLength: 4 });

const convLayer: fc.Arbitrary<Layer> = fc
  .record({
    kernel: pair(1, 3),
    strides: pair(1, 2),
    dilations: pair(1, 2),
    pads: four(2),
    group: fc.constantFrom(1, 2),
    bias: fc.boolean(),
  })
  .map(({ kernel, group, bias, ...attrs }) => (make, x, next) => {
    const w = make.constant(randomTensor([4, shapeOf(x)[1] / group, ...kernel], next));
    return make.op('conv', [x, w, ...(bias ? [make.constant(randomTensor([4], next))] : [])], { ...attrs, group });
  });

const transposedLayer: fc.Arbitrary<Layer> = fc
  .record({
    kernel: pair(1, 3),
    strides: pair(1, 2),
    dilations: pair(1, 2),
    pads: four(1),
    output_padding: pair(0, 1),
    group: fc.constantFrom(1, 2),
  })
  .map(
    ({ kernel, ...attrs }) =>
      (make, x, next) =>
        make.op('conv_transpose', [x, make.constant(randomTensor([shapeOf(x)[1], 2, ...kernel], next))], attrs),
  );

const pool = { kernel: pair(1, 4), strides: pair(1, 3), pads: four(1), dilations: pair(1, 2), ceil: fc.boolean() };
const maxPoolLayer: fc.Arbitrary<Layer> = fc.record(pool).map((attrs) => (make, x) => make.op('max_pool', [x], attrs));
const averageLayer: fc.Arbitrary<Layer> = fc
  .record({ ...pool, count_include_pad: fc.boolean() })
  .map((attrs) => (make, x) => make.op('average_pool', [x], attrs));

const simple = (f: Layer): fc.Arbitrary<Layer> => fc.constant(f);
const movements: readonly fc.Arbitrary<Layer>[] = [
  simple((make, x) => make.op('transpose', [x], { perm: [0, 1, 3, 2] })),
  simple((make, x) => make.op('slice', [x], { starts: [1, -1], ends: [99, -99], axes: [2, 3], steps: [1, -1] })),
  simple((make, x, next) => make.op('concat', [x, make.constant(randomTensor(shapeOf(x), next)), x, x], { axis: 1 })),
  fc
    .constantFrom('constant', 'edge', 'reflect', 'wrap')
    .map((mode) => (make, x) => make.op('pad', [x], { pads: [0, 0, 1, 2, 0, 0, 0, -1], mode, value: 0.5 })),
  simple((make, x) => make.op('reshape', [x], { shape: [1, shapeOf(x)[1], elementCount(shapeOf(x).slice(2)), 1] })),
];
const others: readonly fc.Arbitrary<Layer>[] = [
  fc.constantFrom('relu', 'abs', 'tanh', 'sigmoid').map((name) => (make, x) => make.op(name, [x])),
  simple((make, x, next) => {
    const c = (): Value => make.constant(randomTensor([shapeOf(x)[1]], next));
    const variance = make.constant(randomTensor([shapeOf(x)[1]], () => next() + 1.1));
    return make.op('batch_norm', [x, c(), c(), c(), variance], { epsilon: 1e-3 });
  }),
  simple((make, x, next) => make.op('add', [x, make.constant(randomTensor([shapeOf(x)[1], 1, 1], next))])),
  simple((make, x, next) => make.op('sub', [make.constant(randomTensor([1], next)), x])),
  simple((make, x, next) =>
    make.op('div', [x, make.constant(randomTensor([1, 1, 1, shapeOf(x)[3]], () => next() + 2))]),
  ),
  simple((make, x) => make.op('neg', [x])),
  simple((make, x) => make.op('add', [x, make.op('tanh', [x])])),
  simple((make, x) => make.op('mul', [x, make.op('reduce_mean', [x], { axes: [2, 3], keepdims: true })])),
  simple((make, x) => make.op('pow', [make.op('tanh', [x]), make.constant(tensor([], [3]))])),
  simple((make, x) => make.op('div', [make.constant(tensor([], [2])), make.op('softplus', [x])])),
  simple((make, x) => make.op('reduce_max', [x], { axes: [3], keepdims: true })),
  simple((make, x, next) => make.op('matmul', [x, make.constant(randomTensor([shapeOf(x)[3], 3], next))])),
  simple((make, x, next) => make.op('matmul', [make.constant(randomTensor([2, shapeOf(x)[2]], next)), x])),
];

const layer = fc.oneof(
  { weight: 4, arbitrary: convLayer },
  { weight: 2, arbitrary: transposedLayer },
  { weight: 4, arbitrary: maxPoolLayer },
  { weight: 2, arbitrary: averageLayer },
  { weight: 4, arbitrary: fc.oneof(...movements) },
  { weight: 6, arbitrary: fc.oneof(...others) },
);

/** Networks on [1, 4, 6, 5] of up to five random layers; a layer that does not fit is left out. */
export const networks: fc.Arbitrary<{ readonly module: Module; readonly input: Tensor }> = fc
  .record({ layers: fc.array(layer, { minLength: 1, maxLength: 5 }), seed: fc.nat() })
  .map(({ layers, seed }) => {
    const next = noise(seed);
    const shape = [1, 4, 6, 5];
    const module = network(shape, (make, x) =>
      layers.reduce((value, grow) => {
        try {
          const grown = grow(make, value, next);
          return elementCount(shapeOf(grown)) > 0 && elementCount(shapeOf(grown)) < 4000 ? grown : value;
        } catch (error) {
          if (error instanceof FhecError) return value;
          throw error;
        }
      }, x),
    );
    return { module, input: randomTensor(shape, next) };
  });
