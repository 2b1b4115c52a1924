import { defaultMaxAccuracyLoss, type CompileOptions } from '../options.ts';

/** One image in 500 is 0.2 points, whatever the doubles say. */
const rounding = 1e-9;

/** The most percentage points that a choice may lose; none where only its time is limited. */
export const lossLimit = ({
  maxAccuracyLoss,
  maxLatency,
}: Pick<CompileOptions, 'maxAccuracyLoss' | 'maxLatency'>): number =>
  maxAccuracyLoss ?? (maxLatency === undefined ? defaultMaxAccuracyLoss : Infinity);

export const keepsLimit = (loss: number, limit: number): boolean => loss <= limit + rounding;

/** What to say of a degree that the user fixed. `loss`: on the images that the reported accuracy is of. */
export const lossWarnings = (loss: number, limit: number): string[] =>
  keepsLimit(loss, limit) ? [] : [`the fixed degree loses ${loss.toFixed(2)} points, more than the limit of ${limit}`];
