import type { Func } from '../../ir/module.ts';
import { argmaxBatch, evaluateBatch } from '../../passes/analysis/evaluate-batch.ts';
import type { AccuracyReport } from '../report.ts';
import { largestOf, valueOf, type Calibration } from './calibrate.ts';

/**
 * Runs a network on the calibration images and compares its top-1 with the labels and with the exact network. An image whose largest
 * output exceeds ten times what the exact network reached counts as blown up.
 */
export function assessNetwork(main: Func, calibration: Calibration): AccuracyReport {
  const { batches, labels, exact, ranges } = calibration;
  let at = 0;
  let agreed = 0;
  let right = 0;
  let exactRight = 0;
  let blowUps = 0;
  for (const { inputs, batch } of batches) {
    const result = main.results[0].value;
    const data = valueOf(evaluateBatch(main, inputs, batch), result);
    const predicted = argmaxBatch(data, batch);
    for (let b = 0; b < batch; b++, at++) {
      if (predicted[b] === exact[at]) agreed++;
      if (labels && predicted[b] === labels[at]) right++;
      if (labels && exact[at] === labels[at]) exactRight++;
      const image = Float64Array.from({ length: data.length / batch }, (_, e) => data[e * batch + b]);
      if (!(largestOf(image) <= 10 * ranges.output[0])) blowUps++;
    }
  }
  const agreement = agreed / at;
  if (!labels) return { agreement, interval: wilson(agreement, at), blowUps: blowUps / at };
  const polynomial = right / at;
  return { exact: exactRight / at, polynomial, agreement, interval: wilson(polynomial, at), blowUps: blowUps / at };
}

/** The 95% Wilson score interval of a share (Wilson, 1927). */
export function wilson(share: number, count: number): readonly [number, number] {
  const z = 1.959964;
  const centre = (share + (z * z) / (2 * count)) / (1 + (z * z) / count);
  const half = (z / (1 + (z * z) / count)) * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/** Percentage points of top-1 that a network loses against the exact one: by labels where there are any, else by disagreement. */
export const lossOf = (report: AccuracyReport): number =>
  100 *
  (report.exact !== undefined && report.polynomial !== undefined
    ? report.exact - report.polynomial
    : 1 - report.agreement);
