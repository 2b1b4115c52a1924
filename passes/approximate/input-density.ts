import type { ChannelProfile } from '../analysis/activation-statistics.ts';

/** Beyond an observed extreme: P(input is more than t beyond `anchor`) = mass * exp(-t / excess). */
export interface Tail {
  readonly anchor: number;
  readonly mass: number;
  readonly excess: number;
}

/**
 * How the inputs of an activation lie over an interval [low, high] cut into equal cells: `mass[i]` of all inputs near the midpoint
 * `x[i]`, `below` and `above` of them outside. These sum to 1. The tails say what is to be expected of inputs not yet seen.
 */
export interface InputDensity {
  readonly low: number;
  readonly high: number;
  readonly x: Float64Array;
  readonly mass: Float64Array;
  readonly below: number;
  readonly above: number;
  readonly lowerTail: Tail;
  readonly upperTail: Tail;
}

export type Interval = readonly [low: number, high: number];

/** Cells of an interval: enough for degree 31 (more than ten points for each coefficient). */
const densityCells = 512;

const noTail = (anchor: number): Tail => ({ anchor, mass: 0, excess: 0 });

function emptyCells([low, high]: Interval): { x: Float64Array; mass: Float64Array } {
  const step = (high - low) / densityCells;
  const x = Float64Array.from({ length: densityCells }, (_, i) => low + (i + 0.5) * step);
  return { x, mass: new Float64Array(densityCells) };
}

/** The density of the pooled inputs of `channels` over `interval`; mass is spread evenly inside each bin of a histogram. */
export function measuredDensity(channels: readonly ChannelProfile[], interval: Interval): InputDensity {
  const [low, high] = interval;
  const { x, mass } = emptyCells(interval);
  const total = channels.reduce((sum, c) => sum + sampleCount(c), 0);
  let below = 0;
  let above = 0;
  for (const { histogram } of channels) {
    const { counts } = histogram;
    const width = (histogram.high - histogram.low) / counts.length;
    for (let b = 0; b < counts.length; b++) {
      if (counts[b] === 0) continue;
      const from = histogram.low + b * width;
      const to = from + width;
      const share = counts[b] / total;
      spread(mass, interval, from, to, share);
      above += share * shareBeyond(to - high, width);
      below += share * shareBeyond(low - from, width);
    }
  }
  const minimum = channels.reduce((m, c) => Math.min(m, c.minimum), Infinity);
  const maximum = channels.reduce((m, c) => Math.max(m, c.maximum), -Infinity);
  const unseen = 1 / (total + 1);
  return {
    low,
    high,
    x,
    mass,
    below,
    above,
    lowerTail: { anchor: minimum, mass: unseen, excess: tailExcess(channels, total, -1) },
    upperTail: { anchor: maximum, mass: unseen, excess: tailExcess(channels, total, 1) },
  };
}

/** The part of a bin of `width` that lies beyond a bound, when its far end is `excess` beyond it. */
function shareBeyond(excess: number, width: number): number {
  if (excess <= 0) return 0;
  return width > 0 ? Math.min(1, excess / width) : 1;
}

/** Adds what of `share`, spread evenly over [from, to], lies inside `interval` to its cells. */
function spread(mass: Float64Array, [low, high]: Interval, from: number, to: number, share: number): void {
  const step = (high - low) / mass.length;
  const cell = (x: number): number => Math.max(0, Math.min(mass.length - 1, Math.floor((x - low) / step)));
  if (to <= from) {
    if (from >= low && from <= high) mass[cell(from)] += share;
    return;
  }
  const start = Math.max(from, low);
  const end = Math.min(to, high);
  for (let i = cell(start); start < end && i <= cell(end); i++) {
    const overlap = Math.min(end, low + (i + 1) * step) - Math.max(start, low + i * step);
    if (overlap > 0) mass[i] += (share * overlap) / (to - from);
  }
}

function sampleCount(channel: ChannelProfile): number {
  return channel.histogram.counts.reduce((sum, n) => sum + n, 0);
}

/**
 * Mean excess of the outer 1 % of the inputs over their inner bound, on one side: the scale of the exponential tail fitted to them (peaks over
 * threshold with shape 0; an upper bound for tails that are lighter).
 */
function tailExcess(channels: readonly ChannelProfile[], total: number, side: 1 | -1): number {
  const bins: { at: number; count: number }[] = [];
  let widest = 0;
  for (const { histogram } of channels) {
    const width = (histogram.high - histogram.low) / histogram.counts.length;
    widest = Math.max(widest, width);
    histogram.counts.forEach((count, b) => {
      if (count > 0) bins.push({ at: side * (histogram.low + (b + 0.5) * width), count });
    });
  }
  bins.sort((a, b) => b.at - a.at);
  let seen = 0;
  let moment = 0;
  for (const { at, count } of bins) {
    seen += count;
    moment += at * count;
    if (seen >= total * 0.01) return Math.max(moment / seen - at, widest);
  }
  return widest;
}

/** The same weight everywhere: the classical least squares fit. */
export function uniformDensity(interval: Interval): InputDensity {
  const { x, mass } = emptyCells(interval);
  const [low, high] = interval;
  mass.fill(1 / mass.length);
  return { low, high, x, mass, below: 0, above: 0, lowerTail: noTail(low), upperTail: noTail(high) };
}

/** N(mean, deviation^2) cut to the interval and normalised there: the weight of OLA (arXiv 2310.10349 v1; deviation = r * sigma). */
export function normalDensity(mean: number, deviation: number, interval: Interval): InputDensity {
  const uniform = uniformDensity(interval);
  const weight = uniform.x.map((x) => Math.exp(-0.5 * ((x - mean) / deviation) ** 2));
  const total = weight.reduce((sum, w) => sum + w, 0);
  return { ...uniform, mass: weight.map((w) => w / total) };
}
