import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileModel, type CompileResult } from '../../compiler/compile.ts';
import type { CompileOptions } from '../../compiler/options.ts';
import { importOnnx } from '../../compiler/onnx/import.ts';
import { FhecError } from '../../ir/diagnostics.ts';
import { evaluateFunc } from '../../ir/evaluate.ts';
import { tensor, type Tensor } from '../../ir/tensor.ts';
import { openSimulator, type Simulator } from '../../runtime/simulator/simulator.ts';
import { runClear } from '../../samples/e2e/clear.ts';
import { readTensors } from '../compiler/onnx/conformance-run.ts';
import { sharedData, whyNoData } from '../support/shared-data.ts';
import { publicModelFile, publicModels, type PublicModelName } from './public-models.ts';

const calibrationImages = 300;

const argmax = (logits: Tensor | undefined): number => logits?.data.indexOf(Math.max(...logits.data)) ?? -1;

const compile = (name: PublicModelName, options: Partial<CompileOptions> = {}): Promise<CompileResult> =>
  compileModel(readFileSync(publicModelFile(name) ?? ''), {
    calibration: publicModels[name].calibration(calibrationImages),
    modelName: name,
    ...options,
  });

/** Undefined where a value left the range of the ciphertext: encrypted, such an image gives numbers without meaning. */
function simulated(simulator: Simulator, image: Tensor, index: number): Tensor | undefined {
  const result = simulator.run([image], index);
  return result.kind === 'outputs' ? result.outputs[0] : undefined;
}

/** One line of figures. */
function print(name: string, { report, errorBound }: CompileResult, figures: Readonly<Record<string, string>>): void {
  const { parameters, cost } = report;
  const all = {
    compile: `${report.compileSeconds.toFixed(0)} s`,
    N: String(parameters.ringDegree),
    levels: String(cost.depth),
    scale: `2^${parameters.scaleBits.toFixed(0)}`,
    degrees: report.activations.map((a) => (a.form === 'polynomial' ? a.degree : a.form)).join(' '),
    predicted: `${cost.seconds.toFixed(1)} s`,
    keys: `${cost.rotationKeys} of ${(cost.keyBytes / 2 ** 30).toFixed(1)} GiB`,
    bound: errorBound.toExponential(1),
    ...figures,
  };
  const text = Object.entries(all).map(([key, value]) => `${key} ${value}`);
  process.stdout.write(`${name}: ${text.join(', ')}\n`);
}

interface Expected {
  readonly name: PublicModelName;
  readonly images: number;
  readonly options?: Partial<CompileOptions>;
  /** The least share of test images whose top-1 is that of the exact network. */
  readonly agreement: number;
}

const models: readonly Expected[] = [
  { name: 'lenet5', images: 50, agreement: 0.96 },
  { name: 'cifar-base', images: 50, agreement: 0.9 },
  // Many answers of this network are nearly ties: accuracy is kept, single answers change.
  { name: 'cifar-small', images: 50, agreement: 0.75 },
  { name: 'mnist-8', images: 20, options: { maxAccuracyLoss: 1 }, agreement: 0.9 },
];

describe.skipIf(!sharedData('onnx-models'))(`public networks (${whyNoData('onnx-models')})`, () => {
  it.each(models)('$name classifies real test images as the exact network does', async (expected) => {
    const { name, images: count, options } = expected;
    const compiled = await compile(name, options);
    const { program, report, errorBound } = compiled;
    const [network] = importOnnx(readFileSync(publicModelFile(name) ?? '')).funcs;
    const { images, shape, labels } = publicModels[name].test(count);
    const simulator = openSimulator(program, 1);
    const began = performance.now();
    let agreed = 0;
    let exactRight = 0;
    let right = 0;
    let noise = 0;
    let outOfRange = 0;
    images.forEach((data, i) => {
      const image = tensor(shape, data);
      const [exact] = evaluateFunc(network, [image]);
      const clear = runClear(program, image);
      const noisy = simulated(simulator, image, i);
      if (!noisy) outOfRange++;
      noisy?.data.forEach((x, c) => (noise = Math.max(noise, Math.abs(x - clear[c]))));
      if (argmax(noisy) === argmax(exact)) agreed++;
      if (argmax(noisy) === labels?.[i]) right++;
      if (argmax(exact) === labels?.[i]) exactRight++;
    });
    print(name, compiled, {
      agreed: `${agreed} of ${count}`,
      right: `${right}, exact ${exactRight}`,
      'out of range': String(outOfRange),
      noise: noise.toExponential(1),
      simulator: `${((performance.now() - began) / count / 1000).toFixed(1)} s an image`,
    });
    expect(report.parameters.secure).toBe(true);
    // Predicted on a few images; the noise of others may be larger, since it grows with the values that it meets.
    expect(noise).toBeLessThan(2 * errorBound);
    expect(agreed / count).toBeGreaterThanOrEqual(expected.agreement);
    expect(right).toBeGreaterThanOrEqual(exactRight - 2);
    if (name === 'mnist-8') {
      const folder = sharedData('onnx-models/mnist-8') ?? '';
      for (const set of [0, 1, 2]) {
        const data = join(folder, `test_data_set_${set}`);
        const [image] = readTensors(data, 'input');
        const [output] = readTensors(data, 'output');
        expect(argmax(simulated(simulator, image, 1000 + set))).toBe(argmax(output));
      }
    }
  });

  it('resnet-20 is refused with the levels that it needs', async () => {
    const path = sharedData('resnet-cifar10/resnet20_cifar10_pre.onnx') ?? '';
    const compiled = compileModel(readFileSync(path), {
      calibration: publicModels['resnet-2b'].calibration(20),
      maxAccuracyLoss: 2,
      maxDegree: 15,
    });
    const error: unknown = await compiled.then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error instanceof FhecError && error.diagnostics[0]).toMatchObject({ code: 'FHE0602' });
    expect(error instanceof FhecError && error.message).toMatch(/levels/);
  });
});
