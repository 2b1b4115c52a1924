import { compileSample } from '../../samples/e2e/sample.ts';
import { writeFiles } from '../../samples/e2e/files.ts';
import { calibrationImages, figure, type Bench } from '../bench.ts';
import { median, type Figure } from '../figure.ts';
import { openEncrypted, warmSeconds, type ImageRun } from './seal.ts';

/** A median over six images after the first one. */
const leastImages = 7;

/**
 * OLA's layerwise degrees against the best uniform degree under the same limit of accuracy: predicted, and measured on SEAL. Both servers run at
 * once and take the images in turn, so that a change in the load of the machine meets both; `speedup` is the median over the images of their ratio.
 */
export async function* degreeFigures({ sample, options, progress }: Bench): AsyncIterable<Figure> {
  const images = Math.max(leastImages, options.images);
  const kinds = ['layerwise', 'uniform'] as const;
  const sides = [];
  try {
    for (const degrees of kinds) {
      progress(`compiling with ${degrees} degrees`);
      const compiled = await compileSample(sample, calibrationImages, { degrees });
      const files = writeFiles(compiled);
      const encrypted = await openEncrypted(files, sample, options, progress).catch((error: unknown) => {
        files.remove();
        throw error;
      });
      sides.push({ degrees, report: compiled.report, files, encrypted });
    }
    const runs = sides.map((): ImageRun[] => []);
    for (let i = 0; i < images; i++) {
      for (const [s, side] of sides.entries()) runs[s].push(await side.encrypted.classify(i));
    }
    for (const [s, { degrees, report }] of sides.entries()) {
      yield figure(`${degrees}.levels`, report.parameters.primes.length - 1);
      yield figure(`${degrees}.calibration_accuracy`, report.accuracy.polynomial ?? report.accuracy.agreement);
      yield figure(`${degrees}.predicted_seconds`, report.cost.seconds, 's');
      yield figure(`${degrees}.seconds`, warmSeconds(runs[s]), 's');
    }
    const [layerwise, uniform] = runs;
    const ratios = layerwise.slice(1).map((run, i) => uniform[i + 1].runSeconds / run.runSeconds);
    yield figure('layerwise.speedup', median(ratios));
  } finally {
    for (const { encrypted, files } of sides) {
      await encrypted.close();
      files.remove();
    }
  }
}
