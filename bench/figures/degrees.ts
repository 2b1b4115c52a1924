import { compileSample } from '../../samples/e2e/sample.ts';
import { writeFiles } from '../../samples/e2e/files.ts';
import { calibrationImages, figure, type Bench } from '../bench.ts';
import type { Figure } from '../figure.ts';
import { runOnSeal, warmSeconds } from './seal.ts';

/** A median over six images after the first one. */
const leastImages = 7;

/** OLA's layerwise degrees against the best uniform degree under the same limit of accuracy: predicted, and measured on SEAL. */
export async function* degreeFigures({ sample, options, progress }: Bench): AsyncIterable<Figure> {
  for (const degrees of ['layerwise', 'uniform'] as const) {
    progress(`compiling with ${degrees} degrees`);
    const compiled = await compileSample(sample, calibrationImages, { degrees });
    const files = writeFiles(compiled);
    try {
      const run = await runOnSeal(
        files,
        sample,
        { ...options, images: Math.max(leastImages, options.images) },
        progress,
      );
      const { accuracy, cost, parameters } = compiled.report;
      yield figure(`${degrees}.levels`, parameters.primes.length - 1);
      yield figure(`${degrees}.calibration_accuracy`, accuracy.polynomial ?? accuracy.agreement);
      yield figure(`${degrees}.predicted_seconds`, cost.seconds, 's');
      yield figure(`${degrees}.seconds`, warmSeconds(run), 's');
    } finally {
      files.remove();
    }
  }
}
