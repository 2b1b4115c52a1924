import { describe, it } from 'vitest';
import { samples } from '../../samples/e2e/sample.ts';
import { expectCost } from '../support/expect-cost.ts';

describe('the samples cost exactly what was accepted', () => {
  it.each(['mlp', 'lenet'] as const)('%s', (key) => expectCost(samples[key]));
});
