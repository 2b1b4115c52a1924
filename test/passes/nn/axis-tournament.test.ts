import fc from 'fast-check';
import { expect, test } from 'vitest';
import { axisTournament, type AxisWindows } from '../../../passes/nn/axis-tournament.ts';

const windows: fc.Arbitrary<AxisWindows> = fc
  .record({
    size: fc.integer({ min: 1, max: 7 }),
    taps: fc.integer({ min: 1, max: 6 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    stride: fc.integer({ min: 1, max: 3 }),
    before: fc.nat(4),
    count: fc.integer({ min: 1, max: 6 }),
  })
  .map(({ stride, before, count, ...w }) => ({
    ...w,
    starts: Array.from({ length: count }, (_, i) => i * stride - before),
  }))
  .filter(({ starts, ...w }) => starts.every((s) => members({ ...w, starts: [s] }, s).length > 0));

const members = ({ size, taps, dilation }: AxisWindows, start: number): number[] =>
  Array.from({ length: taps }, (_, t) => start + t * dilation).filter((p) => p >= 0 && p < size);

test('the last round holds the maximum of each window, in order', () => {
  fc.assert(
    fc.property(windows, fc.infiniteStream(fc.integer()), (w, stream) => {
      const axis = Array.from({ length: w.size }, () => Number(stream.next().value));
      const { gather, rounds, picks } = axisTournament(w);
      const read = gather?.map((i) => axis[i]) ?? axis;
      const last = rounds.reduce(
        (row, { first, second }) => first.map((a, i) => Math.max(row[a], row[second[i]])),
        read,
      );
      expect(picks?.map((i) => last[i]) ?? last).toEqual(
        w.starts.map((s) => Math.max(...members(w, s).map((p) => axis[p]))),
      );
      expect(rounds.length).toBeLessThanOrEqual(Math.ceil(Math.log2(w.taps)));
    }),
  );
});

test.each([
  ['a window of one element and padding', { size: 1, taps: 3, dilation: 1, starts: [-1] }, 0],
  ['windows of two elements and padding', { size: 2, taps: 4, dilation: 1, starts: [-1, 0] }, 1],
  ['an axis of one element, seen by several windows', { size: 1, taps: 2, dilation: 1, starts: [-1, 0] }, 0],
])('%s: no round compares an element with itself', (_, w, rounds) => {
  expect(axisTournament(w).rounds).toHaveLength(rounds);
});
