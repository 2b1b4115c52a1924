import type { Func, Value } from '../../ir/module.ts';
import { channelRuns, type BatchData } from './evaluate-batch.ts';

/**
 * The derivative, by image, of the loss with respect to each result of a network.
 *
 * The loss is the sum over results of the cross entropy of the softmax over channels (dimension 1, or all elements of a vector) at each
 * position, against `labels` for the first result when it has one position and labels are given, else against the network's own
 * prediction. A result of one channel counts with the square of its elements.
 */
export function lossGradients(
  func: Func,
  values: ReadonlyMap<Value, BatchData>,
  batch: number,
  labels?: Int32Array,
): Map<Value, BatchData> {
  const seeds = new Map<Value, BatchData>();
  func.results.forEach(({ value }, index) => {
    const data = values.get(value);
    if (!data) return;
    const { outer, run, ...classes } = positions(value);
    const target = index === 0 && outer * run === 1 ? labels : undefined;
    const seed = classes.channels === 1 ? data.map((v) => 2 * v) : crossEntropyGradient(value, data, batch, target);
    const known = seeds.get(value);
    seeds.set(value, known ? known.map((v, i) => v + seed[i]) : seed);
  });
  return seeds;
}

/** Smaller margins count as this share of the distance between the largest logit and the mean of the others: such images are lost anyway. */
const leastMargin = 0.05;

/**
 * The derivative, by image, of the margin between the largest logit and the next one with respect to the first result, in proportion to the
 * margin. Its square times the variance of an error bounds the share of changed predictions (Chebyshev's inequality), and unlike a derivative of the cross
 * entropy it does not vanish on images that the network is sure of. Results of one channel count as in {@link lossGradients}.
 */
export function marginGradients(
  func: Func,
  values: ReadonlyMap<Value, BatchData>,
  batch: number,
): Map<Value, BatchData> {
  const [{ value }] = func.results;
  const data = values.get(value);
  const { outer, channels, run } = positions(value);
  if (!data || channels === 1) return lossGradients(func, values, batch);
  const seed = new Float64Array(data.length);
  const stride = run * batch;
  for (let n = 0; n < outer; n++) {
    for (let i = 0; i < stride; i++) {
      const at = (c: number): number => (n * channels + c) * stride + i;
      let best = 0;
      let sum = 0;
      for (let c = 0; c < channels; c++) {
        sum += data[at(c)];
        if (data[at(c)] > data[at(best)]) best = c;
      }
      let second = best === 0 ? 1 : 0;
      for (let c = 0; c < channels; c++) if (c !== best && data[at(c)] > data[at(second)]) second = c;
      const top = data[at(best)];
      const spread = top - (sum - top) / (channels - 1);
      const margin = Math.max(top - data[at(second)], leastMargin * spread);
      if (!(margin > 0)) continue;
      seed[at(best)] = 1 / margin;
      seed[at(second)] = -1 / margin;
    }
  }
  return new Map([[value, seed]]);
}

/** A vector without batch dimension holds classes, as [1, classes] does. */
function positions(value: Value): { outer: number; channels: number; run: number } {
  const runs = channelRuns(value);
  const isVector = value.type.kind === 'tensor' && value.type.shape.length === 1;
  return isVector ? { outer: 1, channels: runs.run, run: 1 } : runs;
}

/** softmax - one-hot at each position. */
function crossEntropyGradient(value: Value, data: BatchData, batch: number, labels?: Int32Array): BatchData {
  const { outer, channels, run } = positions(value);
  const seed = new Float64Array(data.length);
  const stride = run * batch;
  for (let n = 0; n < outer; n++) {
    for (let i = 0; i < stride; i++) {
      const at = (c: number): number => (n * channels + c) * stride + i;
      let best = 0;
      for (let c = 1; c < channels; c++) if (data[at(c)] > data[at(best)]) best = c;
      const top = data[at(best)];
      let sum = 0;
      for (let c = 0; c < channels; c++) sum += seed[at(c)] = Math.exp(data[at(c)] - top);
      for (let c = 0; c < channels; c++) seed[at(c)] /= sum;
      seed[at(labels ? labels[i % batch] : best)] -= 1;
    }
  }
  return seed;
}
