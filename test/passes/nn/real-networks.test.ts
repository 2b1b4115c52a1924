import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import type { Module } from '../../../ir/module.ts';
import { argmaxBatch, evaluateBatch, packBatch } from '../../../passes/analysis/evaluate-batch.ts';
import { composeLinear } from '../../../passes/nn/compose-linear.ts';
import { expandMaxPool } from '../../../passes/nn/expand-max-pool.ts';
import { fuseActivations } from '../../../passes/nn/fuse-activations.ts';
import { linearize } from '../../../passes/nn/linearize.ts';
import { tensor, type Tensor } from '../../../ir/tensor.ts';
import { sharedData, whyNoData } from '../../support/shared-data.ts';
import { difference, noise, randomTensor } from './networks.ts';

const canonical = (module: Module): Module =>
  [fuseActivations, expandMaxPool, linearize, composeLinear].reduce((m, pass) => pass.run(m, {}), module);

const names = (module: Module): string[] => module.funcs[0].body.map((v) => v.op.replace('nn.', ''));

const sample = (name: string): Module =>
  importOnnx(readFileSync(new URL(`../../../samples/${name}/model.onnx`, import.meta.url)));

const repeated = (activation: string, count: number): string[] => [
  ...Array.from({ length: count }, () => ['linear', activation]).flat(),
  'linear',
];

describe('sample networks in canonical form', () => {
  it.each([
    ['mlp-mnist', repeated('relu', 2)],
    ['lenet-mnist', repeated('relu', 3)],
    ['cnn-fashion', repeated('gelu', 3)],
  ])('%s alternates linear operators and activations', (name, ops) => {
    const module = sample(name);
    const result = canonical(module);
    expect(names(result)).toEqual(ops);
    const { shape } = result.interface?.inputs[0] ?? { shape: [] };
    const x = randomTensor(shape, noise(4));
    const [expected, got] = [module, result].map((m) => evaluateFunc(m.funcs[0], [x])[0].data);
    expect(difference(expected, got)).toBeLessThan(1e-9);
  });

  it('lenet-max-mnist keeps its function', () => {
    const module = sample('lenet-max-mnist');
    const result = canonical(module);
    expect(names(result).filter((n) => n === 'abs').length).toBe(4);
    const x = randomTensor(result.interface?.inputs[0].shape ?? [], noise(4));
    const [expected, got] = [module, result].map((m) => evaluateFunc(m.funcs[0], [x])[0].data);
    expect(difference(expected, got)).toBeLessThan(1e-9);
  });
});

/** Image `index` of a CIFAR-10 binary file, normalised as the ResNets of torchvision expect. */
function cifarImage(file: Uint8Array, index: number): { label: number; image: Tensor } {
  const [mean, deviation] = [
    [0.485, 0.456, 0.406],
    [0.229, 0.224, 0.225],
  ];
  const at = index * 3073;
  const data = Float64Array.from({ length: 3072 }, (_, e) => {
    const channel = Math.floor(e / 1024);
    return (file[at + 1 + e] / 255 - mean[channel]) / deviation[channel];
  });
  return { label: file[at], image: tensor([1, 3, 32, 32], data) };
}

const model = sharedData('resnet-cifar10/resnet20_akamaster_slicepad.onnx');
const images = sharedData('cifar10-lossless/test_first100.bin');
const skipped = model && images ? '' : ` (${whyNoData('resnet-cifar10 or cifar10-lossless')})`;

describe.skipIf(skipped)(`ResNet-20 on CIFAR-10${skipped}`, () => {
  it('classifies test images in canonical form, in batches', () => {
    const result = canonical(importOnnx(readFileSync(model ?? '')));
    expect(names(result)).toEqual(repeated('relu', 19));
    const file = readFileSync(images ?? '');
    const chosen = Array.from({ length: 20 }, (_, i) => cifarImage(file, i));
    const func = result.funcs[0];
    const values = evaluateBatch(func, [packBatch(chosen.map((c) => c.image))], 20);
    const guesses = argmaxBatch(values.get(func.results[0].value) ?? new Float64Array(), 20);
    expect(chosen.filter((c, i) => c.label === guesses[i]).length).toBeGreaterThanOrEqual(18);
  });
});
