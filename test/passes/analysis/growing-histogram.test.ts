import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrowingHistogram } from '../../../passes/analysis/growing-histogram.ts';
import { resample, type Histogram } from '../../../passes/analysis/histogram.ts';

const total = ({ counts }: Histogram): number => counts.reduce((sum, n) => sum + n, 0);

function histogramOf(parts: readonly (readonly number[])[]): GrowingHistogram {
  const histogram = new GrowingHistogram();
  for (const part of parts) histogram.add(Float64Array.from([7, ...part, 7]), 1, part.length + 1);
  return histogram;
}

/** Two rounds: counts over the bins of `like`, once they are known. */
function naiveCounts(numbers: readonly number[], { low, high, counts }: Histogram): Float64Array {
  const width = (high - low) / counts.length;
  const naive = new Float64Array(counts.length);
  // Whole multiples of a power of two, so that edges are compared exactly; a negative number that vanishes is below 0 all the same.
  const binOf = (v: number): number => (v < 0 && v / width === 0 ? -1 : Math.floor(v / width));
  for (const v of numbers) naive[binOf(v) - low / width]++;
  return naive;
}

/** Groups of numbers of very different sizes, each around a centre: ranges grow on one side or both, by many doublings at once. */
const groups = fc
  .array(
    fc.record({
      centre: fc.double({ min: -1, max: 1, noNaN: true }),
      size: fc.integer({ min: -40, max: 40 }),
      offsets: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((list) => list.map(({ centre, size, offsets }) => offsets.map((x) => (centre + x) * 2 ** size + 0)));

describe('a growing histogram', () => {
  it('counts as two rounds would, over at least 1024 bins', () => {
    fc.assert(
      fc.property(groups, (parts) => {
        const numbers = parts.flat();
        const histogram = histogramOf(parts);
        const bins = histogram.bins();
        const [minimum, maximum] = [Math.min(...numbers), Math.max(...numbers)];
        expect([histogram.minimum, histogram.maximum]).toEqual([minimum, maximum]);
        expect(bins.counts).toEqual(naiveCounts(numbers, bins));
        expect(bins.low).toBeLessThanOrEqual(minimum);
        expect(bins.high).toBeGreaterThan(maximum);
        expect(bins.counts.length).toBeLessThanOrEqual(2048);
        if (maximum - minimum > Math.max(2 ** -41 * Math.max(maximum, -minimum), 2 ** -1011)) {
          expect(bins.counts.length).toBeGreaterThanOrEqual(1024);
          expect((maximum - minimum) / ((bins.high - bins.low) / bins.counts.length)).toBeGreaterThan(1023);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('depends neither on the order of the numbers nor on how they are grouped', () => {
    fc.assert(
      fc.property(groups, (parts) => {
        const bins = histogramOf(parts).bins();
        expect(histogramOf([parts.flat()]).bins()).toEqual(bins);
        expect(histogramOf(parts.flat().map((v) => [v])).bins()).toEqual(bins);
        expect(histogramOf([...parts].reverse()).bins()).toEqual(bins);
      }),
      { numRuns: 100 },
    );
  });

  it.each([0, -3.7, 1e300, -1e-300, 5e-324])('keeps a constant %d apart from what comes later', (constant) => {
    const alone = histogramOf([[constant, constant], [constant]]).bins();
    expect(alone.counts).toEqual(Float64Array.of(3));
    expect(alone.low).toBeLessThanOrEqual(constant);
    expect(alone.high).toBeGreaterThan(constant);
    const later = histogramOf([[constant, constant, constant], [constant + 1]]);
    const { counts } = later.bins();
    expect([counts[0], total(later.bins())]).toEqual(constant === 1e300 ? [4, 4] : [3, 4]);
  });

  it('grows by hundreds of doublings, past neighbouring doubles and up to the largest ones', () => {
    const numbers = [5e-324, 1, 1 + 2 ** -51, -1e-200, 1e150, -1e300, 1.7e308, -1.7e308];
    const bins = histogramOf(numbers.map((v) => [v])).bins();
    expect(total(bins)).toBe(8);
    expect([bins.counts[0], bins.counts[bins.counts.length - 1]]).toEqual([1, 1]);
    expect(histogramOf(numbers.reverse().map((v) => [v])).bins()).toEqual(bins);
    const close = histogramOf([[1], [1 + 2 ** -51], [1]]).bins();
    expect(close.counts).toEqual(Float64Array.of(2, 1));
  });
});

describe('resampling', () => {
  it('keeps the sum and is wrong by no more than what lies in one bin at each edge', () => {
    fc.assert(
      fc.property(groups, fc.integer({ min: 1, max: 300 }), (parts, bins) => {
        const numbers = parts.flat();
        const fine = histogramOf(parts).bins();
        const [minimum, maximum] = [Math.min(...numbers), Math.max(...numbers)];
        const { low, high, counts } = resample(fine, minimum, maximum, bins);
        expect([low, high, counts.length]).toEqual([minimum, maximum, bins]);
        const width = (fine.high - fine.low) / fine.counts.length;
        let below = 0;
        for (let edge = 1; edge < bins; edge++) {
          const at = minimum + (edge * (maximum - minimum)) / bins;
          expect(counts[edge - 1]).toBeGreaterThanOrEqual(0);
          below += counts[edge - 1];
          expect(Number.isInteger(below)).toBe(true);
          if (maximum === minimum) continue;
          // Those in the bin of the edge may be on either side of it.
          const start = Math.floor(at / width) * width;
          expect(below).toBeGreaterThanOrEqual(numbers.filter((v) => v < start).length);
          expect(below).toBeLessThanOrEqual(numbers.filter((v) => v < start + width).length);
        }
        expect(below + counts[bins - 1]).toBe(numbers.length);
      }),
      { numRuns: 200 },
    );
  });

  it('spreads counts evenly, over the part of the outer bins that the range meets', () => {
    const fine = { low: 0, high: 4, counts: Float64Array.of(10, 0, 20, 10) };
    expect(resample(fine, 0.5, 3.5, 3)).toEqual({ low: 0.5, high: 3.5, counts: Float64Array.of(10, 10, 20) });
    expect(resample(fine, 0, 4, 4)).toEqual(fine);
    expect(resample(fine, 0, 4, 8).counts).toEqual(Float64Array.of(5, 5, 0, 0, 10, 10, 5, 5));
  });

  it('gives all to the first bin of an empty range', () => {
    const fine = { low: 2, high: 3, counts: Float64Array.of(6) };
    expect(resample(fine, 2, 2, 3)).toEqual({ low: 2, high: 2, counts: Float64Array.of(6, 0, 0) });
  });
});
