import { definePass } from '../define-pass.ts';
import { shareCommonSubexpressions } from '../slots/common-subexpressions.ts';

/** Scheduling encodes each vector at each use; equal vectors at equal level and scale are one plaintext. */
export const shareEqualValuesPass = definePass({
  name: 'share-equal-values',
  summary: 'Computes equal ciphertexts and plaintexts once.',
  assumes: [],
  from: 'ckks',
  to: 'ckks',
  options: {},
  run: (module) => shareCommonSubexpressions(module),
});
