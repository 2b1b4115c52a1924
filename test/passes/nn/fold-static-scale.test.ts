import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Module, Value } from '../../../ir/module.ts';
import { channelCount } from '../../../ir/nn/define.ts';
import { findActivation } from '../../../ir/nn/activations.ts';
import { evalChebyshev } from '../../../ir/nn/polynomial.ts';
import { registry } from '../../../ir/registry.ts';
import { rewriteModule, type Rewriter } from '../../../ir/rewrite.ts';
import { tensor, type Tensor } from '../../../ir/tensor.ts';
import { substituteChebyshev } from '../../../passes/nn/chebyshev-substitute.ts';
import { composeLinear } from '../../../passes/nn/compose-linear.ts';
import { multiplicativeDepths } from '../../../passes/nn/depth.ts';
import { expandMaxPool } from '../../../passes/nn/expand-max-pool.ts';
import { foldStaticScale } from '../../../passes/nn/fold-static-scale.ts';
import { linearize } from '../../../passes/nn/linearize.ts';
import { difference, network, networks, noise, outputOf, randomTensor, shapeOf } from './networks.ts';

/** Puts a random polynomial for each activation: direct, or x * p(q(x)) as composite forms are. */
function approximated(module: Module, seed: number): Module {
  const next = noise(seed);
  const polynomial = ({ builder }: Rewriter, x: Value, perChannel: boolean, base: number): Value => {
    const rows = perChannel ? channelCount(shapeOf(x)) : 1;
    const terms = 3 + Math.floor(2 * (next() + 1));
    const coefficients = tensor(
      [rows, terms],
      Float64Array.from({ length: rows * terms }, (_, i) => (0.5 * next()) / (1 + (i % terms))),
    );
    const scale = Array.from({ length: rows }, () => base * (1.5 + next()));
    return builder.create(registry.get('nn.polynomial'), [x], { coefficients, scale });
  };
  return rewriteModule(module, (op, rewriter) => {
    if (!findActivation(op.op)) return undefined;
    const x = rewriter.mapped(op.operands[0]);
    if (next() < 0.3) return polynomial(rewriter, x, next() > 0, 6);
    const inner = polynomial(rewriter, polynomial(rewriter, x, false, 6), false, 1);
    return rewriter.builder.create(registry.get('nn.mul'), [x, inner]);
  });
}

const canonical = (module: Module): Module => composeLinear.run(linearize.run(expandMaxPool.run(module, {}), {}), {});

/** What a client computes with a module: interface factors before and after. */
function throughClient(module: Module, x: Tensor): Float64Array {
  const factors = module.interface?.inputs[0].factor ?? [1];
  const back = module.interface?.outputs[0].factor ?? [1];
  const at = (f: readonly number[], i: number): number => f[f.length === 1 ? 0 : i];
  const stored = outputOf(
    module,
    tensor(
      x.shape,
      x.data.map((v, i) => v * at(factors, i)),
    ),
  );
  return stored.map((v, i) => v * at(back, i));
}

const deepest = (module: Module): number => {
  const depths = multiplicativeDepths(module.funcs[0]);
  return Math.max(0, ...module.funcs[0].results.map((r) => depths.get(r.value) ?? 0));
};

describe('fold-static-scale', () => {
  it('keeps the function of random networks, leaves no scale and adds no op', () => {
    let folded = 0;
    fc.assert(
      fc.property(networks, fc.nat(), ({ module, input }, seed) => {
        let before: Module;
        try {
          before = approximated(canonical(module), seed);
        } catch (error) {
          if (error instanceof Error && error.message.includes('padding only')) return;
          throw error;
        }
        const expected = throughClient(before, input);
        fc.pre(expected.every((v) => Math.abs(v) < 1e6));
        const after = foldStaticScale(before, { input: [3], output: [2.5] });
        expect(difference(expected, throughClient(after, input))).toBeLessThan(1e-8);
        const scales = after.funcs[0].body.filter((v) => v.op === 'nn.polynomial').map((v) => v.attrs['scale']);
        folded += scales.length;
        for (const scale of scales) expect(scale).toEqual([1]);
        expect(after.funcs[0].body.length).toBe(before.funcs[0].body.length);
        // A unit map that reads a product whose scale is given may need a level; nothing else may.
        const products = before.funcs[0].body.filter((v) => v.op === 'nn.mul').length;
        expect(deepest(after)).toBeLessThanOrEqual(deepest(before) + products);
      }),
      { numRuns: 100 },
    );
    expect(folded).toBeGreaterThan(20);
  });

  it('keeps sums and differences of a pooling tournament free of multiplications', () => {
    const next = noise(5);
    const module = network([1, 1, 8, 8], (make, x) => {
      const w = make.constant(randomTensor([2, 1, 3, 3], next));
      const c = make.op('conv', [x, w], { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 });
      const attrs = { kernel: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0], dilations: [1, 1], ceil: false };
      return make.op('relu', [make.op('max_pool', [c], attrs)]);
    });
    for (let seed = 0; seed < 10; seed++) {
      const before = approximated(canonical(module), seed);
      const after = foldStaticScale(before, { input: [1], output: [1] });
      expect(deepest(after)).toBe(deepest(before));
    }
  });

  it('writes a polynomial in a multiple of its variable', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 9 }),
        fc.double({ min: 0.1, max: 3, noNaN: true }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        (c, ratio, t) => {
          const largest = 1e-9 * (2 * Math.max(1, ratio)) ** c.length;
          expect(Math.abs(evalChebyshev(substituteChebyshev(c, ratio), t) - evalChebyshev(c, ratio * t))).toBeLessThan(
            largest,
          );
        },
      ),
    );
  });
});
