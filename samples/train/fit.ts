/**
 * The training loop.
 */
import * as tf from '@tensorflow/tfjs-core';
import { augmentedBatch } from './augment.ts';
import type { Split } from './data.ts';
import { runLayers, type Pass } from './layers.ts';
import { initialParameters, parameterTensors, type Parameter } from './network.ts';
import { AdamW, cosineRate } from './optimizer.ts';
import { Random } from './random.ts';
import { CLASSES, type ModelSpec } from './spec.ts';

/** How fast the running statistics of batch normalisation follow the batches. */
const STATISTICS_RATE = 0.05;

/** Trains a network from scratch. `report` hears of every epoch: its number from 1, mean loss, seconds so far. */
export function fit(
  spec: ModelSpec,
  train: Split,
  report: (epoch: number, loss: number, seconds: number) => void,
): Parameter[] {
  const { recipe } = spec;
  const random = new Random(recipe.seed);
  const parameters = initialParameters(spec, random);
  const optimizer = new AdamW(parameters, recipe.weightDecay);
  const steps = Math.floor(train.count / recipe.batch);
  const began = performance.now();
  for (let epoch = 0; epoch < recipe.epochs; epoch++) {
    const order = random.permutation(train.count);
    let loss = 0;
    for (let step = 0; step < steps; step++) {
      const batch = augmentedBatch(train, order, step * recipe.batch, recipe.batch, recipe, random);
      const result = gradients(spec, parameters, batch.images, batch.labels);
      const done = (epoch + step / steps) / recipe.epochs;
      optimizer.update(result.gradients, cosineRate(recipe.learningRate, done, 0.2 / recipe.epochs));
      followStatistics(parameters, result.statistics);
      loss += result.loss / steps;
    }
    report(epoch + 1, loss, (performance.now() - began) / 1000);
  }
  return parameters;
}

/** One batch's outcome, in plain arrays under the parameters' names. */
export interface BatchResult {
  loss: number;
  readonly gradients: Map<string, Float32Array>;
  readonly statistics: Map<string, Float32Array>;
}

/** Loss and gradients on images [n, 1, 28, 28] with labels [n]. The loss leaves the tail penalty out. */
export function gradients(
  spec: ModelSpec,
  parameters: readonly Parameter[],
  images: Float32Array,
  labels: Uint8Array,
): BatchResult {
  const result: BatchResult = { loss: 0, gradients: new Map(), statistics: new Map() };
  tf.tidy(() => {
    const { recipe } = spec;
    const n = labels.length;
    const statistics: NonNullable<Pass['statistics']> = new Map();
    const pass: Pass = {
      params: parameterTensors(parameters),
      grads: new Map(),
      statistics,
      ...(recipe.tailPenalty > 0 ? { tail: { weight: recipe.tailPenalty, start: recipe.tailStart } } : {}),
    };
    // With a single channel, [n, 1, 28, 28] and [n, 28, 28, 1] are the same numbers in the same order.
    const { y, back } = runLayers(spec.layers, tf.tensor4d(images, [n, 28, 28, 1]), pass);
    const target = targets(labels, recipe.labelSmoothing);
    const probabilities = tf.softmax(y as tf.Tensor2D);
    back(tf.div(tf.sub(probabilities, target), n), false);
    const entropy = tf.neg(tf.sum(tf.mul(target, tf.log(tf.add(probabilities, 1e-12)))));
    result.loss = entropy.dataSync()[0] / n;
    const flat = (tensor: tf.Tensor): Float32Array => Float32Array.from(tensor.dataSync());
    for (const [name, gradient] of pass.grads) result.gradients.set(name, flat(gradient));
    for (const [name, { mean, variance }] of statistics) {
      result.statistics.set(`${name}.mean`, flat(mean)).set(`${name}.variance`, flat(variance));
    }
  });
  return result;
}

/** Target distributions, [n, 10]. */
function targets(labels: Uint8Array, smoothing: number): tf.Tensor2D {
  const rows = new Float32Array(labels.length * CLASSES).fill(smoothing / CLASSES);
  labels.forEach((label, i) => {
    rows[i * CLASSES + label] = 1 - smoothing + smoothing / CLASSES;
  });
  return tf.tensor2d(rows, [labels.length, CLASSES]);
}

function followStatistics(parameters: readonly Parameter[], batch: ReadonlyMap<string, Float32Array>): void {
  for (const { name, value } of parameters) {
    batch.get(name)?.forEach((seen, i) => {
      value[i] = value[i] + STATISTICS_RATE * (seen - value[i]);
    });
  }
}
