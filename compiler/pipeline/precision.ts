import type { Parameters } from '../../ir/ckks/parameters.ts';
import { slotCount } from '../../ir/ckks/parameters.ts';
import { fail, InternalError } from '../../ir/diagnostics.ts';
import { evaluateFunc } from '../../ir/evaluate.ts';
import type { Port } from '../../ir/interface.ts';
import { layoutSlots, layoutVectors } from '../../ir/layout.ts';
import type { Module } from '../../ir/module.ts';
import { packVectors } from '../../ir/packing.ts';
import { tensor } from '../../ir/tensor.ts';
import { sampleNoisy } from '../../passes/analysis/sample-noise.ts';
import { imageOf, type Calibration } from './calibrate.ts';
import { answersChangedByNoise } from './expected-loss.ts';
import { mainOf } from './main-of.ts';

export interface Precision {
  /** Standard deviation of the error of an element of the worst result, in units of the encrypted result (about 1 at its largest). */
  readonly deviation: number;
  /** Bits of the largest result above that. */
  readonly bits: number;
  /** {@link boundDeviations} of the standard deviations that the noisiest image and result have. */
  readonly bound: number;
}

/**
 * Under one secret s the rounding errors e of a slot come out as s e, where s in that slot is as good as normal over secrets: the product of two normal
 * numbers has the tail of a Laplace distribution, and exceeds twelve deviations with a probability of exp(-12 sqrt 2), below 10^-7.
 */
const boundDeviations = 12;

/** Images on which the noise is sampled: fewer of long programs. */
const mostImages = 8;
const sampledOps = 30_000;

/**
 * Measures the errors of the results of a ckks module: a few calibration images run with simulated noise, compared with the network of nn that it was
 * lowered from, in exact numbers. That counts what bootstraps, polynomials themselves, change without any noise. Errors: FHE0803 when a value would
 * not fit under its modulus.
 */
export function measurePrecision(
  module: Module,
  network: Module,
  parameters: Parameters,
  calibration: Calibration,
): Precision {
  const main = mainOf(module);
  const slots = slotCount(parameters);
  const { inputs: ports, outputs } = module.interface ?? { inputs: [], outputs: [] };
  const images = imagesOf(calibration, Math.ceil(Math.min(mostImages, sampledOps / main.body.length)));
  const scaled = images.map((image) =>
    ports.map(({ shape, factor }) =>
      tensor(
        shape,
        image.map((x, i) => x * factor[factor.length === 1 ? 0 : i]),
      ),
    ),
  );
  const inputs = scaled.map((tensors) =>
    ports.flatMap((port, p) => packVectors(layoutOf(port), slots, (i) => tensors[p].data[i])),
  );
  const runs = sampleNoisy(main, parameters, inputs);
  const meant = scaled.map((tensors) => evaluateFunc(mainOf(network), tensors));
  let deviation = 0;
  let signal = 0;
  let noisiest = 0;
  let first = 0;
  outputs.forEach((port, result) => {
    const slotNumbers = layoutSlots(layoutOf(port));
    const squares = runs.map((noisy, run) => {
      const { data } = meant[run][result];
      let sum = 0;
      slotNumbers.forEach((slot, element) => {
        const [vector, at] = [first + Math.floor(slot / slots), slot % slots];
        sum += (noisy[vector][at] - data[element]) ** 2;
        signal = Math.max(signal, Math.abs(data[element]));
      });
      return sum / slotNumbers.length;
    });
    deviation = Math.max(deviation, Math.sqrt(squares.reduce((a, b) => a + b, 0) / runs.length));
    noisiest = Math.max(noisiest, Math.sqrt(Math.max(...squares)));
    first += layoutVectors(layoutOf(port), slots);
  });
  return { deviation, bits: Math.log2(signal / deviation), bound: boundDeviations * noisiest };
}

/** What is asked of the noise of the results. */
export type PrecisionGoal =
  | { readonly kind: 'bits'; readonly least: number }
  /** The largest share of top-1 answers that noise may be expected to change. */
  | { readonly kind: 'answers'; readonly mostChanged: number };

/** Errors: FHE0603 where a goal is missed; noise that blows up leaves no number at all, and misses every goal. */
export function checkPrecision(
  { bits, deviation }: Precision,
  goal: PrecisionGoal,
  { logits, ranges }: Calibration,
  notes: readonly string[],
): void {
  if (goal.kind === 'bits') {
    if (bits >= goal.least) return;
    fail(
      'FHE0603',
      `the results have ${bits.toFixed(1)} bits above their noise, ${goal.least} are asked for`,
      undefined,
      notes,
    );
  }
  const changed = answersChangedByNoise(logits, deviation * ranges.output[0]);
  if (changed <= goal.mostChanged) return;
  const percent = (share: number): string => `${(100 * share).toPrecision(2)}%`;
  fail(
    'FHE0603',
    `noise would change the answers to ${percent(changed)} of the calibration inputs, at most ${percent(goal.mostChanged)} may change`,
    undefined,
    notes,
  );
}

function layoutOf({ layout }: Port): NonNullable<Port['layout']> {
  if (!layout) throw new InternalError('a scheduled module states its layouts');
  return layout;
}

function imagesOf({ batches }: Calibration, most: number): Float64Array[] {
  const [first] = batches;
  return Array.from({ length: Math.min(most, first.batch) }, (_, b) => imageOf(first.inputs[0], first.batch, b));
}
