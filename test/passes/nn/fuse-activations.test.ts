import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../../ir/module.ts';
import { tensor } from '../../../ir/tensor.ts';
import { fuseActivations } from '../../../passes/nn/fuse-activations.ts';
import { difference, network, outputOf, type Maker } from './networks.ts';

const number = (make: Maker, v: number): Value => make.constant(tensor([], [v]));

/** The ways in which exporters write GELU. */
const gelus: readonly (readonly [string, (make: Maker, x: Value) => Value])[] = [
  [
    'x * (erf(x / sqrt 2) + 1) * 0.5',
    (make, x) => {
      const e = make.op('erf', [make.op('div', [x, number(make, Math.SQRT2)])]);
      return make.op('mul', [make.op('mul', [x, make.op('add', [e, number(make, 1)])]), number(make, 0.5)]);
    },
  ],
  [
    '0.5 * x * (1 + erf(x * 0.7071))',
    (make, x) => {
      const e = make.op('erf', [make.op('mul', [number(make, 0.70710678), x])]);
      return make.op('mul', [make.op('mul', [number(make, 0.5), x]), make.op('add', [number(make, 1), e])]);
    },
  ],
  [
    '(1 + erf(x / sqrt 2)) / 2 * x',
    (make, x) => {
      const e = make.op('erf', [make.op('div', [x, number(make, Math.SQRT2)])]);
      return make.op('mul', [make.op('div', [make.op('add', [number(make, 1), e]), number(make, 2)]), x]);
    },
  ],
];

const gated: readonly (readonly [string, string, (make: Maker, x: Value) => Value])[] = [
  ['silu', 'x * sigmoid(x)', (make, x) => make.op('mul', [x, make.op('sigmoid', [x])])],
  ['mish', 'x * tanh(softplus(x))', (make, x) => make.op('mul', [make.op('tanh', [make.op('softplus', [x])]), x])],
  [
    'hard_swish',
    'x * hard_sigmoid(x)',
    (make, x) => make.op('mul', [x, make.op('hard_sigmoid', [x], { alpha: 1 / 6, beta: 0.5 })]),
  ],
  ...gelus.map(([doc, f]) => ['gelu', doc, f] as const),
];

const inputs = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 4, maxLength: 4 });

describe('fuse-activations', () => {
  it.each(gated)('recognises %s written as %s', (name, _, f) => {
    const module = network([1, 4], (make, x) => f(make, make.op('neg', [x])));
    const fused = fuseActivations.run(module, {});
    expect(fused.funcs[0].body.map((v) => v.op)).toEqual(['nn.neg', `nn.${name}`]);
    fc.assert(
      fc.property(inputs, (x) => {
        const at = tensor([1, 4], x);
        expect(difference(outputOf(module, at), outputOf(fused, at))).toBeLessThan(1e-7);
      }),
    );
  });

  it.each<readonly [string, (make: Maker, x: Value) => Value]>([
    ['a sigmoid of something else', (make, x) => make.op('mul', [x, make.op('sigmoid', [make.op('neg', [x])])])],
    ['another slope', (make, x) => make.op('mul', [x, make.op('hard_sigmoid', [x], { alpha: 0.2, beta: 0.5 })])],
    [
      'a GELU without its half',
      (make, x) => {
        const e = make.op('erf', [make.op('div', [x, number(make, Math.SQRT2)])]);
        return make.op('mul', [x, make.op('add', [e, number(make, 1)])]);
      },
    ],
  ])('leaves %s alone', (_, f) => {
    const module = network([1, 4], f);
    const fused = fuseActivations.run(module, {});
    expect(fused.funcs[0].body.map((v) => v.op)).toEqual(module.funcs[0].body.map((v) => v.op));
  });
});
