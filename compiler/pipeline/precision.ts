import type { Parameters } from '../../ir/ckks/parameters.ts';
import { slotCount } from '../../ir/ckks/parameters.ts';
import { fail, InternalError } from '../../ir/diagnostics.ts';
import type { Module } from '../../ir/module.ts';
import { packVectors } from '../../ir/packing.ts';
import { measureMagnitudes } from '../../passes/analysis/magnitudes.ts';
import { predictNoise } from '../../passes/analysis/noise.ts';
import { imageOf, type Calibration } from './calibrate.ts';
import { mainOf } from './main-of.ts';

export interface Precision {
  /** Standard deviation of the error of the worst result, in units of the encrypted result (about 1 at its largest). */
  readonly deviation: number;
  /** Bits of the largest result above that. */
  readonly bits: number;
}

/** Images whose values say how large the values of a program are. */
const measuredImages = 4;

/**
 * Predicts the noise of the results of a ckks module: the formulas of ir/ckks/noise.ts with the magnitudes that a few calibration images
 * have. Errors: FHE0803 when a value would not fit under its modulus.
 */
export function measurePrecision(module: Module, parameters: Parameters, calibration: Calibration): Precision {
  const main = mainOf(module);
  const ports = module.interface?.inputs ?? [];
  const inputs = imagesOf(calibration).map((image) =>
    ports.flatMap(({ layout, factor }) => {
      if (!layout) throw new InternalError('a scheduled module states its layouts');
      return packVectors(layout, slotCount(parameters), (i) => image[i] * factor[factor.length === 1 ? 0 : i]);
    }),
  );
  const magnitudes = measureMagnitudes(main, inputs);
  for (const [value, { largest }] of magnitudes) {
    if (value.type.kind !== 'cipher') continue;
    const { level, scale } = value.type;
    const modulus = parameters.primes.slice(0, level + 1).reduce((bits, q) => bits + Math.log2(Number(q)), 0);
    if (!(Math.log2(largest * scale) < modulus - 1)) {
      fail(
        'FHE0803',
        `a value of ${largest.toExponential(1)} does not fit under ${modulus.toFixed(0)} bits of modulus`,
        value.loc,
      );
    }
  }
  const noise = predictNoise(main, parameters, { magnitude: (value) => magnitudes.get(value)?.typical ?? 1 });
  const results = main.results.map((r) => r.value);
  const deviation = Math.max(...results.map((r) => noise.get(r) ?? 0));
  const largest = Math.max(...results.map((r) => magnitudes.get(r)?.largest ?? 0));
  return { deviation, bits: Math.log2(largest / deviation) };
}

function imagesOf({ batches }: Calibration): Float64Array[] {
  const [first] = batches;
  return Array.from({ length: Math.min(measuredImages, first.batch) }, (_, b) =>
    imageOf(first.inputs[0], first.batch, b),
  );
}
