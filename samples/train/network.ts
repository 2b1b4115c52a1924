/**
 * A network's parameters, and its evaluation in plain floats.
 */
import * as tf from '@tensorflow/tfjs-core';
import { PIXELS, type Split } from './data.ts';
import { runLayers } from './layers.ts';
import type { Random } from './random.ts';
import { CLASSES, IMAGE_SHAPE, mapShape, outputShape, type FeatureShape, type Layer, type ModelSpec } from './spec.ts';

/** One parameter. Shapes: convolution weight [k, k, in, out], dense weight [in, out], everything else [channels]. */
export interface Parameter {
  readonly name: string;
  readonly shape: number[];
  readonly value: Float32Array;
  /** False for the running statistics of batch normalisation. */
  readonly trained: boolean;
  /** Whether weight decay applies. */
  readonly decays: boolean;
}

/** Fresh parameters: He's normal initialisation for weights, zero for biases, the identity for batch normalisation. */
export function initialParameters(spec: ModelSpec, random: Random): Parameter[] {
  const parameters: Parameter[] = [];
  const constant = (name: string, count: number, value: number, trained = true): void => {
    parameters.push({ name, shape: [count], value: new Float32Array(count).fill(value), trained, decays: false });
  };
  const weight = (name: string, shape: number[], fanIn: number): void => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    const deviation = Math.sqrt(2 / fanIn);
    const value = Float32Array.from({ length: count }, () => random.normal() * deviation);
    parameters.push({ name, shape, value, trained: true, decays: true });
  };
  const visit = (layers: readonly Layer[], input: FeatureShape): void => {
    let shape = input;
    for (const layer of layers) {
      if (layer.kind === 'conv') {
        const { channels } = mapShape(shape, layer);
        weight(
          `${layer.name}.weight`,
          [layer.kernel, layer.kernel, channels, layer.filters],
          layer.kernel ** 2 * channels,
        );
        constant(`${layer.name}.bias`, layer.filters, 0);
      } else if (layer.kind === 'dense') {
        weight(`${layer.name}.weight`, [shape[0], layer.units], shape[0]);
        constant(`${layer.name}.bias`, layer.units, 0);
      } else if (layer.kind === 'batchnorm') {
        const { channels } = mapShape(shape, layer);
        constant(`${layer.name}.scale`, channels, 1);
        constant(`${layer.name}.bias`, channels, 0);
        constant(`${layer.name}.mean`, channels, 0, false);
        constant(`${layer.name}.variance`, channels, 1, false);
      } else if (layer.kind === 'residual') {
        visit(layer.body, shape);
      }
      shape = outputShape(layer, shape);
    }
  };
  visit(spec.layers, IMAGE_SHAPE);
  return parameters;
}

/** Copies parameters into tensors, by name. */
export function parameterTensors(parameters: readonly Parameter[]): Map<string, tf.Tensor> {
  return new Map(parameters.map((p) => [p.name, tf.tensor(p.value, p.shape)]));
}

/** Range and spread of the values that enter one activation. */
export interface ActivationRange {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly deviation: number;
}

/** What a network answers on a set of images. */
export interface Evaluation {
  readonly accuracy: number;
  /** Logits, [count, 10]. */
  readonly logits: Float32Array;
  /** Label of the largest logit, [count]. */
  readonly predictions: Uint8Array;
  /** One entry per activation, over all images. */
  readonly ranges: ActivationRange[];
}

/** Runs the network on every image of a split. */
export function evaluate(spec: ModelSpec, parameters: readonly Parameter[], split: Split): Evaluation {
  const logits = new Float32Array(split.count * CLASSES);
  const gathered = new Map<string, { min: number; max: number; sum: number; squares: number; count: number }>();
  const observe = (name: string, z: tf.Tensor): void => {
    const seen = gathered.get(name) ?? { min: Infinity, max: -Infinity, sum: 0, squares: 0, count: 0 };
    for (const value of z.dataSync()) {
      if (value < seen.min) seen.min = value;
      if (value > seen.max) seen.max = value;
      seen.sum += value;
      seen.squares += value * value;
    }
    seen.count += z.size;
    gathered.set(name, seen);
  };
  const chunk = 500;
  for (let start = 0; start < split.count; start += chunk) {
    const count = Math.min(chunk, split.count - start);
    tf.tidy(() => {
      const pixels = split.images.subarray(start * PIXELS, (start + count) * PIXELS);
      const params = parameterTensors(parameters);
      const { y } = runLayers(spec.layers, tf.tensor4d(pixels, [count, 28, 28, 1]), {
        params,
        grads: new Map(),
        observe,
      });
      logits.set(y.dataSync(), start * CLASSES);
    });
  }
  const predictions = Uint8Array.from({ length: split.count }, (_, i) => {
    const row = logits.subarray(i * CLASSES, (i + 1) * CLASSES);
    return row.indexOf(Math.max(...row));
  });
  const right = predictions.reduce((count, label, i) => count + (label === split.labels[i] ? 1 : 0), 0);
  const ranges = [...gathered].map(([name, g]) => {
    const mean = g.sum / g.count;
    return { name, min: g.min, max: g.max, mean, deviation: Math.sqrt(g.squares / g.count - mean * mean) };
  });
  return { accuracy: right / split.count, logits, predictions, ranges };
}
