import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ActivationStatistics } from '../../../passes/analysis/activation-statistics.ts';
import { activationModule } from '../approximate/profiles.ts';

const channels = 2;
const run = 3;
const { node } = activationModule('nn.relu', [1, channels, run]);

const images = fc.array(
  fc.array(fc.double({ min: -100, max: 100, noNaN: true }), {
    minLength: channels * run,
    maxLength: channels * run,
  }),
  { minLength: 1, maxLength: 40 },
);

/** Statistics of the images, `size` at once, as [elements, batch]. */
function statisticsOf(list: readonly (readonly number[])[], size: number): ActivationStatistics {
  const statistics = new ActivationStatistics(node);
  for (let from = 0; from < list.length; from += size) {
    const part = list.slice(from, from + size);
    const data = Float64Array.from(
      { length: channels * run * part.length },
      (_, i) => part[i % part.length][Math.floor(i / part.length)],
    );
    statistics.addInputs(data, part.length);
  }
  return statistics;
}

it('ranges and histograms are those of all images, however they are grouped; moments to rounding', () => {
  fc.assert(
    fc.property(images, fc.integer({ min: 1, max: 12 }), (list, size) => {
      const found = statisticsOf(list, size).perChannel();
      const whole = statisticsOf(list, list.length).perChannel();
      found.forEach((channel, c) => {
        const all = list.flatMap((image) => image.slice(c * run, (c + 1) * run));
        const mean = all.reduce((s, v) => s + v, 0) / all.length;
        const deviation = Math.sqrt(all.reduce((s, v) => s + (v - mean) ** 2, 0) / all.length);
        expect([channel.minimum + 0, channel.maximum + 0]).toEqual([Math.min(...all) + 0, Math.max(...all) + 0]);
        expect(channel.histogram.counts.length).toBe(300);
        expect(channel.histogram.counts.reduce((s, n) => s + n, 0)).toBe(all.length);
        expect(channel.histogram.counts).toEqual(whole[c].histogram.counts);
        expect(channel.mean).toBeCloseTo(mean, 11);
        expect(channel.deviation).toBeCloseTo(deviation, 11);
      });
    }),
    { numRuns: 200 },
  );
});

it('the deviation of numbers far from zero does not cancel', () => {
  // Sums of squares would have errors of about 1 here.
  const list = Array.from({ length: 64 }, (_, i) => new Array<number>(channels * run).fill(1e8 + (i % 2)));
  for (const size of [1, 5, 64]) {
    const [{ mean, deviation }] = statisticsOf(list, size).perChannel();
    expect(mean).toBeCloseTo(1e8 + 0.5, 6);
    expect(deviation).toBeCloseTo(0.5, 6);
  }
});

it('a constant channel has no deviation and all in the first bin', () => {
  const list = Array.from({ length: 7 }, () => [3, 3, 3, 1, 2, 3]);
  const [constant, other] = statisticsOf(list, 2).perChannel();
  expect([constant.minimum, constant.maximum, constant.mean, constant.deviation]).toEqual([3, 3, 3, 0]);
  expect([constant.histogram.low, constant.histogram.high]).toEqual([3, 3]);
  expect(constant.histogram.counts[0]).toBe(21);
  expect(other.histogram.counts.filter((n) => n > 0)).toEqual(Float64Array.of(7, 7, 7));
});

it.each([NaN, Infinity, -Infinity])('refuses %d in any image', (bad) => {
  const list = Array.from({ length: 4 }, () => [0, 1, 2, 3, 4, 5]);
  list[3][4] = bad;
  expect(() => statisticsOf(list, 2)).toThrow('FHE0404');
  expect(() => statisticsOf([list[3]], 1)).toThrow('FHE0404');
});
