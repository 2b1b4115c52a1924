import { fail } from '../../ir/diagnostics.ts';
import type { Func, Module, Value } from '../../ir/module.ts';
import { elementCount } from '../../ir/tensor.ts';
import { argmaxBatch, type BatchData } from '../../passes/analysis/evaluate-batch.ts';
import { matricesOf } from '../../passes/lower-nn-to-slots/layout-groups.ts';
import { profileActivations, type Profile } from '../../passes/analysis/profile.ts';
import type { Dataset } from '../inputs/dataset.ts';
import { mainOf } from './main-of.ts';

const batchSize = 50;
/** Of large networks: a multiple of what the kernel for large products takes at once. */
const largeBatch = 64;
const largeWork = 5e6;

/** The calibration images in the order that batch evaluation takes. */
export interface Batch {
  readonly inputs: readonly BatchData[];
  readonly batch: number;
}

/** What calibration found out about the exact network. */
export interface Calibration {
  readonly batches: readonly Batch[];
  readonly labels: Int32Array | undefined;
  readonly profile: Profile;
  /** Top-1 of the exact network for each image. */
  readonly exact: Int32Array;
  /** First result of the exact network for each image. */
  readonly logits: readonly Float64Array[];
  /** Largest absolute input, and output of each result. */
  readonly ranges: { readonly input: readonly number[]; readonly output: readonly number[] };
}

/** Multiplications that runs of a network may take: over the images that judge each choice, over those that confirm the best one, and for gradients. */
const judgingWork = 8e9;
const confirmingWork = 4e10;
const gradientWork = 1.5e10;

/** Multiplications for one image. */
const workOf = (main: Func): number =>
  main.body.reduce((sum, op) => sum + matricesOf(op).reduce((n, m) => n + m.value.length, 0), 1);

/** Whether every run of a network counts. */
export const isLarge = (main: Func): boolean => workOf(main) > largeWork;

/** The first images of a calibration, as many as a network can be run on again and again; all of them where it is small. */
export const judgingPart = (calibration: Calibration, main: Func): Calibration =>
  firstImages(calibration, judgingWork / workOf(main));

/** As many as it can be run on once more. */
export const confirmingPart = (calibration: Calibration, main: Func): Calibration =>
  firstImages(calibration, confirmingWork / workOf(main));

/** The first `most` images, in whole batches; at least one batch. */
export function firstImages(calibration: Calibration, most: number): Calibration {
  let images = 0;
  let taken = 0;
  // A first part without gaps: labels and logits go by the image's number.
  for (const { batch } of calibration.batches) {
    if (taken > 0 && images + batch > most) break;
    images += batch;
    taken++;
  }
  const batches = calibration.batches.slice(0, taken);
  return {
    ...calibration,
    batches,
    labels: calibration.labels?.subarray(0, images),
    exact: calibration.exact.subarray(0, images),
    logits: calibration.logits.slice(0, images),
  };
}

/** What running the exact network over the images gives. */
export interface Measured {
  readonly profile: Profile;
  readonly logits: readonly Float64Array[];
  /** Largest absolute output of each result. */
  readonly output: readonly number[];
}

export interface CalibrateOptions {
  /** What the impact of layers is measured by; see `ProfileOptions`. */
  readonly loss?: 'cross-entropy' | 'margin';
  readonly onProgress?: (share: number) => void;
  /** Measures, or knows what was measured before. Default: measures. */
  readonly remembered?: (module: Module, measure: () => Measured) => Measured;
}

/** Errors: FHE0401 without images, FHE0404 when they do not fit the model. */
export function calibrate(module: Module, dataset: Dataset, options: CalibrateOptions = {}): Calibration {
  const main = mainOf(module);
  if (dataset.images.length === 0) fail('FHE0401', 'there are no calibration inputs');
  if (main.params.length !== 1) {
    fail('FHE0404', `the model has ${main.params.length} inputs; calibration data are for one`);
  }
  const [param] = main.params;
  const size = param.type.kind === 'tensor' ? elementCount(param.type.shape) : 0;
  const wrong = dataset.images.findIndex((image) => image.length !== size);
  if (wrong >= 0) {
    fail('FHE0404', `calibration input ${wrong} has ${dataset.images[wrong].length} elements, the model takes ${size}`);
  }
  const batches = batchesOf(dataset, isLarge(main) ? largeBatch : batchSize);
  const { labels } = dataset;
  const { remembered = (_, measure) => measure() } = options;
  const { profile, logits, output } = remembered(module, () => measure(module, batches, labels, options));
  return {
    batches,
    labels,
    profile,
    logits,
    exact: Int32Array.from(logits, (image) => argmaxBatch(image, 1)[0]),
    ranges: { input: [batches.reduce((most, { inputs }) => Math.max(most, largestOf(inputs[0])), 0)], output },
  };
}

function measure(
  module: Module,
  batches: readonly Batch[],
  labels: Int32Array | undefined,
  { loss = 'cross-entropy', onProgress }: CalibrateOptions,
): Measured {
  const main = mainOf(module);
  const logits: Float64Array[] = [];
  const output = main.results.map(() => 0);
  const results = (values: ReadonlyMap<Value, BatchData>, batch: number): void => {
    main.results.forEach((r, i) => (output[i] = Math.max(output[i], largestOf(valueOf(values, r.value)))));
    const first = valueOf(values, main.results[0].value);
    for (let image = 0; image < batch; image++) logits.push(imageOf(first, batch, image));
  };
  const profile = profileActivations(module, batches, {
    ...(labels ? { labels } : {}),
    ...(onProgress && { progress: onProgress }),
    loss,
    gradientImages: Math.max(largeBatch, gradientWork / workOf(main)),
    results,
  });
  return { profile, logits, output };
}

export const largestOf = (data: Float64Array): number => data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** Image b of [elements, batch]. */
export const imageOf = (data: BatchData, batch: number, b: number): Float64Array =>
  Float64Array.from({ length: data.length / batch }, (_, e) => data[e * batch + b]);

export function valueOf(values: ReadonlyMap<Value, BatchData>, value: Value): BatchData {
  return values.get(value) ?? new Float64Array(0);
}

function batchesOf({ images }: Dataset, size: number): Batch[] {
  const batches: Batch[] = [];
  for (let from = 0; from < images.length; from += size) {
    const part = images.slice(from, from + size);
    const data = new Float64Array(part[0].length * part.length);
    part.forEach((image, b) => image.forEach((x, e) => (data[e * part.length + b] = x)));
    batches.push({ inputs: [data], batch: part.length });
  }
  return batches;
}
