import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileModel } from '../../compiler/compile.ts';
import type { CompileOptions } from '../../compiler/options.ts';
import { tensor } from '../../ir/tensor.ts';
import { argmax, errorBits } from '../../samples/e2e/sample.ts';
import { hasEngine, whyNoEngine } from '../runtime/native/engines.ts';
import { predict, runEncrypted } from '../support/encrypted-run.ts';
import { sharedData, whyNoData } from '../support/shared-data.ts';
import { publicModelFile, publicModels, type PublicModelName } from './public-models.ts';

const calibrationImages = 300;
const encryptedImages = 3;

interface Expected {
  readonly name: PublicModelName;
  readonly options?: Partial<CompileOptions>;
}

const models: readonly Expected[] = [
  { name: 'lenet5' },
  { name: 'cifar-base' },
  { name: 'cifar-small' },
  { name: 'mnist-8', options: { maxAccuracyLoss: 1 } },
];

/** Root of the mean squared difference. */
const deviationOf = (a: Float64Array, b: Float64Array): number =>
  Math.sqrt(a.reduce((sum, x, c) => sum + (x - b[c]) ** 2, 0) / a.length);

const reason = hasEngine ? whyNoData('onnx-models') : whyNoEngine;

describe.skipIf(!hasEngine || !sharedData('onnx-models'))(`public networks on the native engine (${reason})`, () => {
  it.each(models)('$name answers encrypted as simulated', async ({ name, options }) => {
    const { calibration, test } = publicModels[name];
    const compiled = await compileModel(readFileSync(publicModelFile(name) ?? ''), {
      calibration: calibration(calibrationImages),
      modelName: name,
      target: 'native',
      ...options,
    });
    const { report, errorBound } = compiled;
    const { images, shape } = test(encryptedImages);
    const inputs = images.map((data) => tensor(shape, data));
    const { clear, simulated } = predict(compiled, inputs);
    const began = performance.now();
    const [native] = await runEncrypted(compiled, inputs, ['native']);
    const figures = {
      N: report.parameters.ringDegree,
      levels: report.cost.depth,
      bootstraps: report.bootstraps?.places.length ?? 0,
      'compile seconds': report.compileSeconds.toFixed(0),
      'seconds with keys and encryption': ((performance.now() - began) / 1000).toFixed(0),
      'log2 of the error': errorBits(clear, native).toFixed(1),
    };
    const text = Object.entries(figures).map(([key, value]) => `${key} ${value}`);
    process.stdout.write(`${name}: ${text.join(', ')}\n`);
    expect(report.parameters.secure).toBe(true);
    expect(native.map(argmax)).toEqual(simulated.map(argmax));
    native.forEach((logits, i) => {
      // The bound is forecast from calibration images. Slopes of polynomials carry far more noise of an image unlike them, as the first digit is for
      // mnist-8, the one network here that bootstraps: the simulator says how much.
      const bound = report.bootstraps ? Math.max(errorBound, 12 * deviationOf(simulated[i], clear[i])) : errorBound;
      logits.forEach((x, c) => expect(Math.abs(x - clear[i][c])).toBeLessThan(bound));
    });
  });
});
