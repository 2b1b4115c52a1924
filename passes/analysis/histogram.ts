/** Counts of equally wide bins over [low, high]; the last bin holds `high` too. */
export interface Histogram {
  readonly low: number;
  readonly high: number;
  readonly counts: Float64Array;
}

/**
 * What a histogram says of `bins` bins over [minimum, maximum], the range that its numbers have: its counts spread evenly inside its own bins
 * as far as they meet the range. Counts stay whole and their sum stays as it is; each is wrong by less than what lies in the bins of
 * `histogram` at its two edges. With minimum = maximum the first bin has all.
 */
export function resample(histogram: Histogram, minimum: number, maximum: number, bins: number): Histogram {
  const { low, high, counts } = histogram;
  const width = (high - low) / counts.length;
  const resampled = new Float64Array(bins);
  let before = 0;
  let given = 0;
  let edge = 1;
  counts.forEach((count, i) => {
    const from = Math.max(minimum, low + i * width);
    const to = Math.min(maximum, low + (i + 1) * width);
    for (; edge < bins; edge++) {
      const at = minimum + (edge * (maximum - minimum)) / bins;
      if (at > to) break;
      // What lies below the edge is rounded, not what a bin holds: so nothing is lost or counted twice.
      const below = before + (to > from ? Math.round((count * (at - from)) / (to - from)) : count);
      resampled[edge - 1] = below - given;
      given = below;
    }
    before += count;
  });
  resampled[bins - 1] += before - given;
  return { low: minimum, high: maximum, counts: resampled };
}
