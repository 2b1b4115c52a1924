import { expect, test } from 'vitest';
import { firstImages, type Calibration } from '../../../compiler/pipeline/calibrate.ts';

/** Image i is the number i, in batches of 4, 4 and 2. */
const calibration: Calibration = {
  batches: [
    { inputs: [Float64Array.of(0, 1, 2, 3)], batch: 4 },
    { inputs: [Float64Array.of(4, 5, 6, 7)], batch: 4 },
    { inputs: [Float64Array.of(8, 9)], batch: 2 },
  ],
  labels: Int32Array.from({ length: 10 }, (_, i) => i),
  profile: new Map(),
  exact: Int32Array.from({ length: 10 }, (_, i) => i),
  logits: Array.from({ length: 10 }, (_, i) => Float64Array.of(i)),
  ranges: { input: [1], output: [1] },
};

test.each([
  [1, 4],
  [4, 4],
  // The last batch would fit, but its labels are not the next ones.
  [6, 4],
  [7.9, 4],
  [9, 8],
  [10, 10],
  [100, 10],
])('of at most %d images %d are taken, each with its own label and logits', (most, images) => {
  const { batches, labels, exact, logits } = firstImages(calibration, most);
  const numbers = batches.flatMap(({ inputs }) => [...inputs[0]]);
  expect(numbers).toEqual(Array.from({ length: images }, (_, i) => i));
  expect([...(labels ?? [])]).toEqual(numbers);
  expect([...exact]).toEqual(numbers);
  expect(logits.map(([x]) => x)).toEqual(numbers);
});
