import type { Parameters } from '../../ir/ckks/parameters.ts';
import { slotCount } from '../../ir/ckks/parameters.ts';
import { fail, InternalError } from '../../ir/diagnostics.ts';
import type { Port } from '../../ir/interface.ts';
import { layoutSlots, layoutVectors } from '../../ir/layout.ts';
import type { Module } from '../../ir/module.ts';
import { packVectors } from '../../ir/packing.ts';
import { sampleNoise } from '../../passes/analysis/sample-noise.ts';
import { imageOf, type Calibration } from './calibrate.ts';
import { mainOf } from './main-of.ts';

export interface Precision {
  /** Standard deviation of the error of an element of the worst result, in units of the encrypted result (about 1 at its largest). */
  readonly deviation: number;
  /** Bits of the largest result above that. */
  readonly bits: number;
  /** Six of the standard deviations that the noisiest image and result have. */
  readonly bound: number;
}

/** Images on which the noise is sampled. */
const sampledImages = 8;

/**
 * Measures the noise of the results of a ckks module: a few calibration images run with simulated noise, compared with the same in exact
 * numbers. Errors: FHE0803 when a value would not fit under its modulus.
 */
export function measurePrecision(module: Module, parameters: Parameters, calibration: Calibration): Precision {
  const main = mainOf(module);
  const slots = slotCount(parameters);
  const { inputs: ports, outputs } = module.interface ?? { inputs: [], outputs: [] };
  const inputs = imagesOf(calibration).map((image) =>
    ports.flatMap((port) => {
      const { factor } = port;
      return packVectors(layoutOf(port), slots, (i) => image[i] * factor[factor.length === 1 ? 0 : i]);
    }),
  );
  const { largest, runs } = sampleNoise(main, parameters, inputs);
  for (const [value, most] of largest) {
    if (value.type.kind !== 'cipher') continue;
    const { level, scale } = value.type;
    const modulus = parameters.primes.slice(0, level + 1).reduce((bits, q) => bits + Math.log2(Number(q)), 0);
    if (!(Math.log2(most * scale) < modulus - 1)) {
      fail(
        'FHE0803',
        `a value of ${most.toExponential(1)} does not fit under ${modulus.toFixed(0)} bits of modulus`,
        value.loc,
      );
    }
  }
  let deviation = 0;
  let signal = 0;
  let noisiest = 0;
  let first = 0;
  for (const port of outputs) {
    const slotNumbers = layoutSlots(layoutOf(port));
    const squares = runs.map(({ exact, noisy }) => {
      let sum = 0;
      for (const slot of slotNumbers) {
        const [vector, at] = [first + Math.floor(slot / slots), slot % slots];
        sum += (noisy[vector][at] - exact[vector][at]) ** 2;
        signal = Math.max(signal, Math.abs(exact[vector][at]));
      }
      return sum / slotNumbers.length;
    });
    deviation = Math.max(deviation, Math.sqrt(squares.reduce((a, b) => a + b, 0) / runs.length));
    noisiest = Math.max(noisiest, Math.sqrt(Math.max(...squares)));
    first += layoutVectors(layoutOf(port), slots);
  }
  return { deviation, bits: Math.log2(signal / deviation), bound: 6 * noisiest };
}

function layoutOf({ layout }: Port): NonNullable<Port['layout']> {
  if (!layout) throw new InternalError('a scheduled module states its layouts');
  return layout;
}

function imagesOf({ batches }: Calibration): Float64Array[] {
  const [first] = batches;
  return Array.from({ length: Math.min(sampledImages, first.batch) }, (_, b) =>
    imageOf(first.inputs[0], first.batch, b),
  );
}
