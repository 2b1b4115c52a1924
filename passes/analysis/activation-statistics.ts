import { fail } from '../../ir/diagnostics.ts';
import type { Value } from '../../ir/module.ts';
import { channelRuns, forEachRun, type BatchData } from './evaluate-batch.ts';
import { GrowingHistogram } from './growing-histogram.ts';
import { resample, type Histogram } from './histogram.ts';

const histogramBins = 300;

/** What the inputs of an activation were in one channel, over all its elements and all images. */
export interface ChannelProfile {
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  /** Standard deviation (of the population). */
  readonly deviation: number;
  /** Over [minimum, maximum], 300 bins; made of at least 1024 exact ones, see `resample` and `GrowingHistogram`. */
  readonly histogram: Histogram;
}

interface Running {
  count: number;
  mean: number;
  /** Sum of (x - mean)^2. */
  squares: number;
  impact: number;
  readonly histogram: GrowingHistogram;
}

/**
 * Statistics of one activation while images pass, once. Ranges and histograms depend on the images alone; how images are grouped, and
 * their order, changes means, deviations and impacts by rounding only.
 */
export class ActivationStatistics {
  readonly #op: Value;
  readonly #channels: readonly Running[];
  #differentiated = 0;

  constructor(op: Value) {
    this.#op = op;
    this.#channels = Array.from({ length: channelRuns(op).channels }, () => ({
      count: 0,
      mean: 0,
      squares: 0,
      impact: 0,
      histogram: new GrowingHistogram(),
    }));
  }

  /** Takes the inputs of the activation, [elements, batch]. Throws FHE0404 for numbers that are not finite. */
  addInputs(data: BatchData, batch: number): void {
    forEachRun(this.#op, batch, (c, from, to) => {
      const channel = this.#channels[c];
      addMoments(channel, data, from, to);
      if (!Number.isFinite(channel.mean))
        fail('FHE0404', 'a calibration image gives an input that is not finite', this.#op.loc);
      channel.histogram.add(data, from, to);
    });
  }

  /** Takes the derivatives of the loss with respect to the outputs of the activation. */
  addGradient(gradient: BatchData, batch: number): void {
    this.#differentiated += batch;
    forEachRun(this.#op, batch, (c, from, to) => {
      let squares = 0;
      for (let i = from; i < to; i++) squares += gradient[i] * gradient[i];
      this.#channels[c].impact += squares;
    });
  }

  /** Mean over the images differentiated of the squared gradients of each channel, summed over its elements. */
  channelImpact(): Float64Array {
    return Float64Array.from(this.#channels, (c) => c.impact / Math.max(1, this.#differentiated));
  }

  perChannel(): ChannelProfile[] {
    return this.#channels.map(({ count, mean, squares, histogram }) => {
      const { minimum, maximum } = histogram;
      return {
        minimum,
        maximum,
        mean,
        deviation: Math.sqrt(squares / count),
        histogram: resample(histogram.bins(), minimum, maximum, histogramBins),
      };
    });
  }
}

/** Joins the moments of data[from], ..., data[to - 1] to those before (Chan, Golub and LeVeque, "Updating formulae", 1979). */
function addMoments(before: Running, data: BatchData, from: number, to: number): void {
  let sum = 0;
  for (let i = from; i < to; i++) sum += data[i];
  const mean = sum / (to - from);
  let squares = 0;
  for (let i = from; i < to; i++) squares += (data[i] - mean) ** 2;
  const count = before.count + to - from;
  const share = (to - from) / count;
  const step = mean - before.mean;
  before.squares += squares + step * step * before.count * share;
  before.mean += step * share;
  before.count = count;
}
