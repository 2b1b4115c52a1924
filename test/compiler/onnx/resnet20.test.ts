import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import { cifarSource } from '../../../compiler/inputs/cifar.ts';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import { tensor } from '../../../ir/tensor.ts';
import { tensorType } from '../../../ir/types.ts';
import { sharedData, whyNoData } from '../../support/shared-data.ts';

const folder = new URL('../../../samples/resnet20/', import.meta.url);
const load = () => importOnnx(readFileSync(new URL('model.onnx', folder)));
const images = sharedData('cifar10-lossless/test_first100.bin');

const Expected = z.object({
  predictions: z.array(z.number()).length(100),
  labels: z.array(z.number()).length(100),
  logits: z.array(z.array(z.number()).length(10)).length(10),
});

describe('samples/resnet20', () => {
  it('imports with its 19 activations, in three stages of halved images', () => {
    const module = load();
    expect(module.interface?.inputs.map((p) => [p.name, p.shape])).toEqual([['image', [1, 3, 32, 32]]]);
    expect(module.interface?.outputs.map((p) => [p.name, p.shape])).toEqual([['logits', [1, 10]]]);
    const [main] = module.funcs;
    const stage = (activations: number, channels: number, size: number) =>
      Array.from({ length: activations }, () => tensorType([1, channels, size, size]));
    const relus = main.body.filter((value) => value.op === 'nn.relu');
    expect(relus.map((value) => value.type)).toEqual([...stage(7, 16, 32), ...stage(6, 32, 16), ...stage(6, 64, 8)]);
  });

  it.skipIf(!images)(`answers as it did after training (${whyNoData('cifar10-lossless')})`, () => {
    const expected = Expected.parse(JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8')));
    const source = cifarSource(readFileSync(images ?? ''), 'test_first100.bin');
    const [main] = load().funcs;
    for (let i = 0; i < 10; i++) {
      const pixels = source.read(i).data.map((x) => x / 255);
      const [{ data }] = evaluateFunc(main, [tensor([1, 3, 32, 32], Float64Array.from(pixels))]);
      expected.logits[i].forEach((logit, j) => expect(data[j]).toBeCloseTo(logit, 3));
      expect(data.indexOf(Math.max(...data))).toBe(expected.predictions[i]);
      expect(source.labels?.[i]).toBe(expected.labels[i]);
    }
  });
});
