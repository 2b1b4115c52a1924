import { expect, test } from 'vitest';
import { keepsLimit, lossLimit, lossWarnings } from '../../../compiler/pipeline/loss-limit.ts';

test('a loss that rounding alone puts above the limit keeps it', () => {
  expect(keepsLimit(0.1 + 0.2, 0.3)).toBe(true);
  expect(keepsLimit(0.31, 0.3)).toBe(false);
  expect(keepsLimit(NaN, 0.3)).toBe(false);
});

test('a limit of time leaves the loss free, unless both are given', () => {
  expect(lossLimit({})).toBeGreaterThan(0);
  expect(lossLimit({ maxLatency: 2 })).toBe(Infinity);
  expect(lossLimit({ maxLatency: 2, maxAccuracyLoss: 0.5 })).toBe(0.5);
});

test('only a loss above the limit is warned of', () => {
  expect(lossWarnings(1, 1)).toEqual([]);
  expect(lossWarnings(1.04, 1)).toEqual(['the fixed degree loses 1.04 points, more than the limit of 1']);
});
