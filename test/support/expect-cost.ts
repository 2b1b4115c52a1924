import { expect } from 'vitest';
import { blessCost, compileCost, expectedCost } from '../../samples/e2e/cost.ts';
import type { Sample } from '../../samples/e2e/sample.ts';

/**
 * Compiles a sample and compares its cost exactly with its `expected.cost.json`. FHEC_BLESS=1 writes that file instead; it does not in CI, where nobody
 * would look at what is accepted.
 */
export async function expectCost(sample: Sample): Promise<void> {
  const cost = await compileCost(sample);
  if (process.env['FHEC_BLESS'] === '1') {
    if (process.env['CI'] === 'true')
      throw new Error('FHEC_BLESS is refused in CI: accept costs by hand, and commit them');
    await blessCost(sample, cost);
    return;
  }
  const hint = `if the change is wanted, look at it and accept it by FHEC_BLESS=1`;
  expect(cost, hint).toEqual(expectedCost(sample));
}
