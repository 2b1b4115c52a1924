import { describe, expect, it } from 'vitest';
import { FhecError } from '../../../ir/diagnostics.ts';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import type { Module, Value } from '../../../ir/module.ts';
import { tensor, type Tensor } from '../../../ir/tensor.ts';
import { evaluateBatch, packBatch } from '../../../passes/analysis/evaluate-batch.ts';
import { backpropagate, chebyshevDerivative } from '../../../passes/analysis/gradients.ts';
import { lossGradients } from '../../../passes/analysis/loss.ts';
import { profileActivations } from '../../../passes/analysis/profile.ts';
import { composeLinear } from '../../../passes/nn/compose-linear.ts';
import { linearize } from '../../../passes/nn/linearize.ts';
import { network, noise, outputOf, randomTensor } from '../nn/networks.ts';

const shape = [1, 2, 5, 5];

/** A convolution, a residual sum, a product, a polynomial and a dense layer: every kind of op of canonical nn. */
function sample(activation: string, outputs = 3): Module {
  const next = noise(11);
  const module = network(shape, (make, x) => {
    const w = make.constant(randomTensor([3, 2, 3, 3], next));
    const c = make.op('conv', [x, w], { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 });
    const a = make.op(activation, [c]);
    const sum = make.op('add', [a, make.op('mul', [c, make.op('sigmoid', [c])])]);
    const p = make.op('polynomial', [sum], { coefficients: randomTensor([3, 5], next), scale: [4, 5, 6] });
    const flat = make.op('reshape', [p], { shape: [1, 75] });
    return make.op('matmul', [
      flat,
      make.constant(
        tensor(
          [75, outputs],
          randomTensor([75, outputs], next).data.map((v) => v / 20),
        ),
      ),
    ]);
  });
  return composeLinear.run(linearize.run(module, {}), {});
}

const images = (count: number): Tensor[] => {
  const next = noise(3);
  return Array.from({ length: count }, () => randomTensor(shape, next));
};

function crossEntropy(logits: Float64Array, label: number): number {
  const top = Math.max(...logits);
  return top - logits[label] + Math.log(logits.reduce((s, v) => s + Math.exp(v - top), 0));
}

describe('batch evaluation', () => {
  it('agrees with the definition, image by image, and visits every value', () => {
    const module = sample('tanh');
    const batch = images(7);
    const seen = new Set<Value>();
    const func = module.funcs[0];
    const values = evaluateBatch(func, [packBatch(batch)], 7, { visit: (v) => seen.add(v) });
    const result = values.get(func.results[0].value) ?? new Float64Array();
    batch.forEach((image, b) => {
      const [{ data }] = evaluateFunc(func, [image]);
      data.forEach((v, e) => expect(result[e * 7 + b]).toBeCloseTo(v, 10));
    });
    expect(seen.size).toBe(func.body.length + 1);
    expect(values.size).toBe(1);
  });
});

describe('gradients', () => {
  it.each(['tanh', 'softplus'])('equal finite differences of the cross entropy (%s)', (activation) => {
    const module = sample(activation);
    const func = module.funcs[0];
    const [image] = images(1);
    const values = evaluateBatch(func, [image.data], 1, { keepAll: true });
    let gradient = new Float64Array();
    backpropagate(func, values, 1, lossGradients(func, values, 1, Int32Array.of(2)), (value, g) => {
      if (value === func.params[0]) gradient = Float64Array.from(g);
    });
    expect(gradient.length).toBe(50);
    const lossAt = (i: number, step: number): number => {
      const data = image.data.slice();
      data[i] += step;
      return crossEntropy(outputOf(module, tensor(shape, data)), 2);
    };
    gradient.forEach((g, i) => expect(g).toBeCloseTo((lossAt(i, 1e-5) - lossAt(i, -1e-5)) / 2e-5, 6));
  });

  it('differentiates Chebyshev series', () => {
    // T_3 = 4 x^3 - 3 x, so its derivative 12 x^2 - 3 = 6 T_2 + 3.
    expect([...chebyshevDerivative(Float64Array.of(7, 0, 0, 1))]).toEqual([3, 0, 6]);
    expect([...chebyshevDerivative(Float64Array.of(7))]).toEqual([0]);
  });
});

describe('profile', () => {
  const module = sample('relu');
  const batch = images(10);
  const profile = profileActivations(
    module,
    batch.map((x) => [x]),
    { batchSize: 4 },
  );
  const activations = module.funcs[0].body.filter((v) => profile.has(v));

  it('holds exact ranges and moments, and histograms, of every channel', () => {
    expect(activations.map((v) => v.op)).toEqual(['nn.relu', 'nn.sigmoid']);
    for (const op of activations) {
      const found = profile.get(op);
      expect([found?.channels, found?.elements, found?.images]).toEqual([3, 75, 10]);
      const inputs = batch.map((x) =>
        evaluateBatch(module.funcs[0], [x.data], 1, { keepAll: true }).get(op.operands[0]),
      );
      found?.perChannel.forEach((channel, c) => {
        const all = inputs.flatMap((data) => [...(data ?? []).slice(25 * c, 25 * (c + 1))]);
        const mean = all.reduce((s, v) => s + v, 0) / all.length;
        const { low, high, counts } = channel.histogram;
        expect([low, high]).toEqual([Math.min(...all), Math.max(...all)]);
        expect([channel.minimum, channel.maximum]).toEqual([low, high]);
        expect(counts.length).toBe(300);
        // The edges of bins are as exact as 1023 bins allow.
        const unsure = (high - low) / 1023;
        let below = 0;
        counts.forEach((count, i) => {
          below += count;
          const edge = low + ((i + 1) * (high - low)) / 300;
          expect(below).toBeGreaterThanOrEqual(all.filter((v) => v <= edge - unsure).length);
          expect(below).toBeLessThanOrEqual(all.filter((v) => v <= edge + unsure).length);
        });
        expect(below).toBe(all.length);
        expect(channel.mean).toBeCloseTo(mean, 12);
        expect(channel.deviation).toBeCloseTo(Math.sqrt(all.reduce((s, v) => s + (v - mean) ** 2, 0) / all.length), 12);
      });
    }
  });

  it('predicts the variance of the loss under small independent errors', () => {
    const [relu] = activations;
    const { impact, channelImpact } = profile.get(relu) ?? { impact: 0, channelImpact: new Float64Array() };
    expect(channelImpact.reduce((s, v) => s + v, 0)).toBeCloseTo(impact, 12);
    const next = noise(8);
    let squares = 0;
    let count = 0;
    const size = 1e-4;
    for (const image of batch) {
      const clean = outputOf(module, image);
      const label = clean.indexOf(Math.max(...clean));
      for (let k = 0; k < 40; k++, count++) {
        const known = new Map<Value, Float64Array>();
        const values = evaluateBatch(module.funcs[0], [image.data], 1, {
          visit: (value, data) => {
            if (value === relu) data.forEach((_, i) => (data[i] += size * next()));
            known.set(value, data);
          },
        });
        const noisy = values.get(module.funcs[0].results[0].value) ?? clean;
        squares += (crossEntropy(noisy, label) - crossEntropy(clean, label)) ** 2;
      }
    }
    // Uniform errors in [-size, size) have the mean square size^2 / 3.
    const measured = squares / count / (size ** 2 / 3);
    expect(measured / impact).toBeGreaterThan(0.75);
    expect(measured / impact).toBeLessThan(1.33);
  });

  it('takes labels and batches, and does not depend on how images are grouped', () => {
    const labels = Int32Array.from({ length: 10 }, (_, i) => i % 3);
    const single = profileActivations(
      module,
      batch.map((x) => [x]),
      { labels, batchSize: 3 },
    );
    const shares: number[] = [];
    const whole = profileActivations(module, [{ inputs: [packBatch(batch)], batch: 10 }], {
      labels,
      progress: (s) => shares.push(s),
    });
    for (const op of activations) {
      expect(whole.get(op)?.impact).toBeCloseTo(single.get(op)?.impact ?? NaN, 10);
      expect(whole.get(op)?.impact).not.toBeCloseTo(profile.get(op)?.impact ?? NaN, 6);
      expect(whole.get(op)?.perChannel.map((c) => c.histogram)).toEqual(
        single.get(op)?.perChannel.map((c) => c.histogram),
      );
    }
    expect(shares).toEqual([1]);
  });

  it('takes one round over the images, whose progress counts gradients as more work', () => {
    const shares: number[] = [];
    const sizes: number[] = [];
    let evaluated = 0;
    const inputs = batch.map((x) => [x]);
    profileActivations(module, inputs, {
      batchSize: 4,
      gradientImages: 3,
      progress: (s) => shares.push(s),
      results: (values, size) => {
        sizes.push(size);
        evaluated += values.get(module.funcs[0].results[0].value)?.length ?? 0;
      },
    });
    expect(sizes).toEqual([4, 4, 2]);
    expect(evaluated).toBe(30);
    expect(shares).toEqual([24 / 30, 28 / 30, 1]);
  });

  it('takes gradients of the first images only where that is asked for', () => {
    const inputs = batch.map((x) => [x]);
    const first = profileActivations(module, inputs.slice(0, 4), { batchSize: 4 });
    const part = profileActivations(module, inputs, { batchSize: 4, gradientImages: 3 });
    for (const op of activations) {
      expect(part.get(op)?.channelImpact).toEqual(first.get(op)?.channelImpact);
      expect(part.get(op)?.perChannel).toEqual(profile.get(op)?.perChannel);
    }
  });

  it('uses the squared output where there are no classes', () => {
    const one = sample('relu', 1);
    const [op] = one.funcs[0].body.filter((v) => v.op === 'nn.relu');
    expect(profileActivations(one, [[batch[0]]]).get(op)?.impact).toBeGreaterThan(0);
  });

  it.each([
    ['no images', [], {}, 'FHE0401'],
    ['an image of another shape', [[tensor([1, 2], [0, 0])]], {}, 'FHE0404'],
    ['too few labels', [[batch[0]]], { labels: new Int32Array(3) }, 'FHE0404'],
    ['a label that is no class', [[batch[0]]], { labels: Int32Array.of(3) }, 'FHE0404'],
    ['a number that is not finite', [[tensor(shape, new Float64Array(50).fill(NaN))]], {}, 'FHE0404'],
  ])('refuses %s', (_, samples, options, code) => {
    const attempt = (): unknown => profileActivations(module, samples, options);
    expect(attempt).toThrow(FhecError);
    expect(attempt).toThrow(code);
  });
});
