import { fail } from '../../ir/diagnostics.ts';
import type { Value } from '../../ir/module.ts';
import { channelRuns, forEachRun, type BatchData } from './evaluate-batch.ts';

const histogramBins = 300;

/** Counts of equally wide bins over [low, high]; the last bin holds `high` too. */
export interface Histogram {
  readonly low: number;
  readonly high: number;
  readonly counts: Float64Array;
}

/** What the inputs of an activation were in one channel, over all its elements and all images. */
export interface ChannelProfile {
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  /** Standard deviation (of the population). */
  readonly deviation: number;
  /** Over [minimum, maximum], 300 bins. */
  readonly histogram: Histogram;
}

interface Running {
  minimum: number;
  maximum: number;
  sum: number;
  squares: number;
  impact: number;
  readonly counts: Float64Array;
}

/** Statistics of one activation while images pass: ranges in a first round, histograms and gradients in a second. */
export class ActivationStatistics {
  readonly #op: Value;
  readonly #elementsPerChannel: number;
  readonly #channels: readonly Running[];
  #images = 0;
  #differentiated = 0;

  constructor(op: Value) {
    const { outer, channels, run } = channelRuns(op);
    this.#op = op;
    this.#elementsPerChannel = outer * run;
    this.#channels = Array.from({ length: channels }, () => ({
      minimum: Infinity,
      maximum: -Infinity,
      sum: 0,
      squares: 0,
      impact: 0,
      counts: new Float64Array(histogramBins),
    }));
  }

  /** Takes the inputs of the activation, [elements, batch], in the first round. Throws FHE0404 for numbers that are not finite. */
  addRange(data: BatchData, batch: number): void {
    this.#images += batch;
    forEachRun(this.#op, batch, (c, from, to) => {
      const channel = this.#channels[c];
      let { minimum, maximum, sum } = channel;
      for (let i = from; i < to; i++) {
        const v = data[i];
        if (v < minimum) minimum = v;
        if (v > maximum) maximum = v;
        sum += v;
      }
      if (!Number.isFinite(sum)) fail('FHE0404', 'a calibration image gives an input that is not finite', this.#op.loc);
      channel.minimum = minimum;
      channel.maximum = maximum;
      channel.sum = sum;
    });
  }

  /** Takes the same inputs again, in the second round. */
  addHistogram(data: BatchData, batch: number): void {
    forEachRun(this.#op, batch, (c, from, to) => {
      const channel = this.#channels[c];
      const { minimum, maximum, counts } = channel;
      const mean = this.#mean(channel);
      const perUnit = maximum > minimum ? histogramBins / (maximum - minimum) : 0;
      let squares = 0;
      for (let i = from; i < to; i++) {
        counts[Math.min(histogramBins - 1, Math.floor((data[i] - minimum) * perUnit))]++;
        squares += (data[i] - mean) ** 2;
      }
      channel.squares += squares;
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
    return this.#channels.map((c) => ({
      minimum: c.minimum,
      maximum: c.maximum,
      mean: this.#mean(c),
      deviation: Math.sqrt(c.squares / (this.#images * this.#elementsPerChannel)),
      histogram: { low: c.minimum, high: c.maximum, counts: c.counts },
    }));
  }

  #mean(channel: Running): number {
    return channel.sum / (this.#images * this.#elementsPerChannel);
  }
}
