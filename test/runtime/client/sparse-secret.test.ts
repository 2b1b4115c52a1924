import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { sparseTernary } from '../../../runtime/client/sparse-secret.ts';

test('a sparse secret has exactly its weight, of signs and places that are uniform', () => {
  const [ringDegree, weight, secrets] = [1024, 32, 2000];
  const hits = new Float64Array(ringDegree);
  let positive = 0;
  for (let k = 0; k < secrets; k++) {
    const secret = sparseTernary(ringDegree, weight, randomBytes);
    const counts = { '-1': 0, '0': 0, '1': 0, other: 0 };
    secret.forEach((s, i) => {
      counts[s === 0n ? '0' : s === 1n ? '1' : s === -1n ? '-1' : 'other']++;
      if (s !== 0n) hits[i]++;
    });
    expect([counts['-1'] + counts['1'], counts.other]).toEqual([weight, 0]);
    positive += counts['1'];
  }
  // Binomial signs: six standard deviations. Places: chi-squared with 1,023 degrees of freedom, mean 1,023 (less w/N) and deviation about 45.
  expect(Math.abs(positive - (secrets * weight) / 2)).toBeLessThan(3 * Math.sqrt(secrets * weight));
  const mean = (secrets * weight) / ringDegree;
  const chi = hits.reduce((sum, h) => sum + (h - mean) ** 2 / mean, 0);
  expect(chi).toBeGreaterThan(1023 - 6 * 45);
  expect(chi).toBeLessThan(1023 + 6 * 45);
});

test('impossible weights and rings are refused', () => {
  expect(() => sparseTernary(1024, 1025, randomBytes)).toThrow('weight 1025');
  expect(() => sparseTernary(2 ** 17, 32, randomBytes)).toThrow('131072');
});
