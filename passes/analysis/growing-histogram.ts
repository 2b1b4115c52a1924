import type { Histogram } from './histogram.ts';

/** A power of two. */
const mostBins = 2048;

/** No bin is further from 0, so that their edges are exact. */
const largestBin = 2 ** 52;

/** So that neither a width nor its inverse overflows. */
const leastExponent = -1022;

/**
 * Counts of numbers whose range is not known beforehand. Bin i is [i * width, (i + 1) * width), where the width is a power of two that
 * doubles as the range grows: neighbours 2 i and 2 i + 1 become i, and counts stay exact. The width is the least with which
 * [minimum, maximum] meets at most 2048 bins, and so it meets at least 1024; only a range below 2^-41 of its largest number, or below
 * 2^-1011, has fewer, since bins as narrow as doubles lie apart are enough. Thus the result depends on the numbers alone, not on their order or
 * on what was added at once.
 */
export class GrowingHistogram {
  #minimum = Infinity;
  #maximum = -Infinity;
  #exponent = leastExponent;
  /** Bin i is at i modulo the length: bins in use are neighbours, so that no two meet. */
  #counts = new Float64Array(mostBins);

  get minimum(): number {
    return this.#minimum;
  }

  get maximum(): number {
    return this.#maximum;
  }

  /** Takes data[from], ..., data[to - 1], which are finite. */
  add(data: Float64Array, from: number, to: number): void {
    let minimum = this.#minimum;
    let maximum = this.#maximum;
    for (let i = from; i < to; i++) {
      const v = data[i];
      if (v < minimum) minimum = v;
      if (v > maximum) maximum = v;
    }
    this.#cover(minimum, maximum);
    const counts = this.#counts;
    const [up, down] = scaling(this.#exponent);
    for (let i = from; i < to; i++) counts[binOf(data[i], up, down) & (mostBins - 1)]++;
  }

  /** The bins that [minimum, maximum] meets, with their exact counts. Needs a number. */
  bins(): Histogram {
    const [first, last] = this.#firstAndLast();
    const width = 2 ** this.#exponent;
    const counts = Float64Array.from(
      { length: last - first + 1 },
      (_, i) => this.#counts[(first + i) & (mostBins - 1)],
    );
    return { low: first * width, high: (last + 1) * width, counts };
  }

  #firstAndLast(): [first: number, last: number] {
    const [up, down] = scaling(this.#exponent);
    return [binOf(this.#minimum, up, down), binOf(this.#maximum, up, down)];
  }

  #cover(minimum: number, maximum: number): void {
    const exponent = Math.max(this.#exponent, exponentFor(minimum, maximum));
    if (exponent > this.#exponent && this.#minimum <= this.#maximum) {
      const [first, last] = this.#firstAndLast();
      // After 53 doublings all are in bins 0 and -1.
      const shrink = 2 ** -Math.min(exponent - this.#exponent, 53);
      const merged = new Float64Array(mostBins);
      for (let i = first; i <= last; i++)
        merged[binOf(i, 1, shrink) & (mostBins - 1)] += this.#counts[i & (mostBins - 1)];
      this.#counts = merged;
    }
    this.#exponent = exponent;
    this.#minimum = minimum;
    this.#maximum = maximum;
  }
}

/** The inverse of the width 2^exponent, as a product of a power that is at least 1 and one that is at most 1. */
const scaling = (exponent: number): [up: number, down: number] => [
  2 ** Math.max(0, -exponent),
  2 ** -Math.max(0, exponent),
];

/** floor(v / width), exactly: in two steps, since a negative number that vanished would move from bin -1 to bin 0. */
const binOf = (v: number, up: number, down: number): number => Math.floor(Math.floor(v * up) * down);

/** Of the width for a range; never less for a larger range. */
function exponentFor(minimum: number, maximum: number): number {
  const largest = Math.max(Math.abs(minimum), Math.abs(maximum));
  const fits = (exponent: number): boolean => {
    const [up, down] = scaling(exponent);
    return largest * up * down <= largestBin && binOf(maximum, up, down) - binOf(minimum, up, down) < mostBins;
  };
  const needed = Math.max(maximum / mostBins - minimum / mostBins, largest / largestBin);
  // Below the answer, whatever the rounding of the logarithm.
  let exponent = Math.max(leastExponent, Math.floor(Math.log2(needed)) - 2);
  while (!fits(exponent)) exponent++;
  return exponent;
}
