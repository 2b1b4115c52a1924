import type { Func } from '../../ir/module.ts';
import { argmaxBatch, evaluateBatch, type BatchData } from '../../passes/analysis/evaluate-batch.ts';
import type { AccuracyReport } from '../report.ts';
import { imageOf, largestOf, valueOf, type Calibration } from './calibrate.ts';
import { expectedLoss } from './expected-loss.ts';

/** A polynomial network judged on the calibration images. */
export interface Assessment {
  readonly accuracy: AccuracyReport;
  /** Percentage points of top-1 that it is taken to lose: what was measured, or what is to be expected, whichever is more. */
  readonly loss: number;
}

/**
 * Runs a network on the calibration images and compares its top-1 with the labels and with the exact network. An image whose largest
 * output exceeds ten times what the exact network reached counts as blown up.
 */
export function assessNetwork(main: Func, calibration: Calibration): Assessment {
  const [{ value }] = main.results;
  return assessResults(
    calibration.batches.map(({ inputs, batch }) => valueOf(evaluateBatch(main, inputs, batch), value)),
    calibration,
  );
}

/** The same from the first result of the network: for each batch [elements, batch]. */
export function assessResults(results: readonly BatchData[], calibration: Calibration): Assessment {
  const { batches, labels, exact, ranges } = calibration;
  let at = 0;
  let agreed = 0;
  let right = 0;
  let exactRight = 0;
  let blowUps = 0;
  const outputs: Float64Array[] = [];
  batches.forEach(({ batch }, i) => {
    const data = results[i];
    const predicted = argmaxBatch(data, batch);
    for (let b = 0; b < batch; b++, at++) {
      if (predicted[b] === exact[at]) agreed++;
      if (labels && predicted[b] === labels[at]) right++;
      if (labels && exact[at] === labels[at]) exactRight++;
      const image = imageOf(data, batch, b);
      outputs.push(image);
      if (!(largestOf(image) <= 10 * ranges.output[0])) blowUps++;
    }
  });
  const agreement = agreed / at;
  const expected = expectedLoss(calibration.logits, outputs, labels ?? exact);
  if (!labels) {
    const accuracy = { images: at, agreement, interval: wilson(agreement, at), blowUps: blowUps / at };
    return { accuracy, loss: 100 * Math.max(1 - agreement, expected) };
  }
  const polynomial = right / at;
  const accuracy = {
    images: at,
    exact: exactRight / at,
    polynomial,
    agreement,
    interval: wilson(polynomial, at),
    blowUps: blowUps / at,
  };
  return { accuracy, loss: 100 * Math.max((exactRight - right) / at, expected) };
}

/** The 95% Wilson score interval of a share (Wilson, 1927). */
export function wilson(share: number, count: number): readonly [number, number] {
  const z = 1.959964;
  const centre = (share + (z * z) / (2 * count)) / (1 + (z * z) / count);
  const half = (z / (1 + (z * z) / count)) * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
