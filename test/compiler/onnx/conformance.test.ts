import { describe, expect, it } from 'vitest';
import { sharedData, whyNoData } from '../../support/shared-data.ts';
import { conformanceTests, inScope, runConformanceTest, summary, type Outcome } from './conformance-run.ts';

const root = sharedData('onnx-conformance');

/** Tests of supported operators in a form that is refused on purpose, with the code. */
const refusedForms = [
  'node/test_batchnorm_epsilon_training_mode FHE0203',
  'node/test_batchnorm_example_training_mode FHE0203',
  'node/test_dropout_default_mask FHE0203',
  'node/test_dropout_default_mask_ratio FHE0203',
  'node/test_maxpool_with_argmax_2d_precomputed_pads FHE0203',
  'node/test_maxpool_with_argmax_2d_precomputed_strides FHE0203',
];

describe.skipIf(!root)(`official ONNX operator tests (${whyNoData('onnx-conformance')})`, () => {
  const folder = root ?? '';
  const tests = root ? conformanceTests(folder) : [];
  const outcomes = tests.map((test) => runConformanceTest(folder, test));
  const refused = outcomes.filter((o): o is Extract<Outcome, { kind: 'refused' }> => o.kind === 'refused');

  it('gives the expected output for each operator that imports', () => {
    process.stdout.write(`${summary(outcomes).join('\n')}\n`);
    expect(outcomes.filter((o) => o.kind === 'failed')).toEqual([]);
    expect(outcomes.length).toBe(342);
  });

  it('refuses supported operators only in the known forms', () => {
    const supported = new Set(tests.filter(inScope).map((t) => t.name));
    expect(refused.filter((o) => supported.has(o.test)).map((o) => `${o.test} ${o.code}`)).toEqual(refusedForms);
  });

  it('refuses other operators by name', () => {
    const other = new Set(tests.filter((t) => !inScope(t)).map((t) => t.name));
    expect(other.size).toBeGreaterThan(0);
    for (const name of other) expect(refused.find((o) => o.test === name)?.code, name).toBe('FHE0202');
  });
});
