import { conformanceTests, runConformanceTest, summary } from './compiler/onnx/conformance-run.ts';
import { sharedData, whyNoData } from './support/shared-data.ts';

/** `npm run conformance`: every official ONNX operator test, as a table. */
const root = sharedData('onnx-conformance');
if (root) {
  const outcomes = conformanceTests(root).map((test) => runConformanceTest(root, test));
  process.stdout.write(`${summary(outcomes).join('\n')}\n`);
  if (outcomes.some((o) => o.kind === 'failed')) process.exitCode = 1;
} else {
  process.stdout.write(`conformance: ${whyNoData('onnx-conformance')}\n`);
}
