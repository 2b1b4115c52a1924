import { describe, it } from 'vitest';
import { hasEngine, whyNoEngine } from '../runtime/native/engines.ts';
import { expectAgreement } from './agree.ts';

// More of them, and larger ones: test/full/random-networks.test.ts.
describe.skipIf(!hasEngine)(whyNoEngine || 'random networks agree from ONNX to the decrypted result', () => {
  it.each([1, 2, 3, 4, 5])('seed %i', async (seed) => {
    await expectAgreement(seed, 3);
  });

  // Of 1042 the bootstraps' own errors are 25 times their noise.
  it.each([6, 7, 1042])('seed %i, with bootstraps', async (seed) => {
    await expectAgreement(seed, 3, true);
  });
});
