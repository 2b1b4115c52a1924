import { readFileSync } from 'node:fs';
import { importOnnx } from '../../compiler/onnx/import.ts';
import { CompilationStopped } from '../../compiler/options.ts';
import { canonicalise } from '../../compiler/pipeline/canonical.ts';
import { mainOf } from '../../compiler/pipeline/main-of.ts';
import type { Module } from '../../ir/module.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { argmaxBatch, evaluateBatch, packBatch } from '../../passes/analysis/evaluate-batch.ts';
import { simulate } from '../../runtime/simulator/simulate.ts';
import { writeFiles } from '../../samples/e2e/files.ts';
import { argmax, compileSample, dataOf, imageOf, samplePath, type Sample } from '../../samples/e2e/sample.ts';
import type { Split } from '../../samples/train/data.ts';
import { calibrationImages, figure, type Bench } from '../bench.ts';
import type { Figure } from '../figure.ts';

const batchSize = 100;

/** The classes that an nn module gives images. */
export function predictionsOf(module: Module, images: readonly Tensor[]): number[] {
  const main = mainOf(module);
  const classes: number[] = [];
  for (let first = 0; first < images.length; first += batchSize) {
    const batch = images.slice(first, first + batchSize);
    const logits = evaluateBatch(main, [packBatch(batch)], batch.length).get(main.results[0].value);
    classes.push(...argmaxBatch(logits ?? new Float64Array(0), batch.length));
  }
  return classes;
}

/** The share of right answers of an nn module on a whole split. */
export function accuracyOf(module: Module, split: Split): number {
  const images = Array.from({ length: split.count }, (_, i) => imageOf(split, i));
  return predictionsOf(module, images).filter((c, i) => c === split.labels[i]).length / split.count;
}

/** The exact network of a sample. */
export const exactNetwork = (sample: Sample): Module =>
  canonicalise(importOnnx(readFileSync(samplePath(sample, 'model.onnx')), {}), () => undefined);

/** The network with the polynomials that its compilation chooses. */
export async function polynomialNetwork(sample: Sample): Promise<Module> {
  const stage = 'approximate-activations';
  const seen: Module[] = [];
  const onStage = (name: string, module: Module): void => void (name === stage && seen.push(module));
  try {
    await compileSample(sample, calibrationImages, { hooks: { onStage, stopAfter: stage } });
  } catch (error) {
    if (!(error instanceof CompilationStopped)) throw error;
  }
  if (seen.length === 0) throw new Error(`the compilation of ${sample.name} has no stage ${stage}`);
  return seen[0];
}

/** Accuracy on all test images: exact, with polynomials, and under simulated CKKS noise where asked for. */
export async function* accuracyFigures({ sample, compiled, options, progress }: Bench): AsyncIterable<Figure> {
  const { test } = dataOf(sample);
  progress(`exact network on ${test.count} images`);
  yield figure('plain.accuracy', accuracyOf(exactNetwork(sample), test));
  progress(`polynomial network on ${test.count} images`);
  yield figure('polynomial.accuracy', accuracyOf(await polynomialNetwork(sample), test));
  const count = Math.min(options.simulated, test.count);
  if (count === 0) return;
  const files = writeFiles(compiled);
  try {
    const images = (function* () {
      for (let i = 0; i < count; i++) yield [imageOf(test, i)];
    })();
    const started = performance.now();
    const results = await simulate(files.modelPath, images, {
      onProgress: (done) => {
        if (done % 256 === 0) progress(`simulated ${done} of ${count}`);
      },
    });
    const right = results.filter((r, i) => r.kind === 'outputs' && argmax(r.outputs[0].data) === test.labels[i]);
    yield figure('simulated.images', count);
    yield figure('simulated.accuracy', right.length / count);
    yield figure('simulated.seconds', (performance.now() - started) / 1000 / count, 's');
  } finally {
    files.remove();
  }
}
