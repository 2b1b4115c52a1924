import { existsSync } from 'node:fs';
import { fail } from '../../ir/diagnostics.ts';
import { elementCount } from '../../ir/tensor.ts';
import type { Dataset } from './dataset.ts';
import { normaliser, type Normalisation } from './normalise.ts';
import { openSource, type OpenOptions } from './open.ts';
import { badInput, maxElements, withoutOnes, type ItemSource } from './source.ts';
import { parseInputSpec, type InputSpec } from './spec.ts';

export interface LoadOptions extends OpenOptions, Normalisation {
  /** Read no more than this many items. */
  readonly count?: number | undefined;
}

/**
 * Loads inputs for a model of input shape `options.shape`: a file (.npy, .npz, PNG, JPEG, IDX, CIFAR-10 binary, gzip of these), a folder of
 * images or a named data set, whole or in part (`mnist:test[0:20]`), normalised. Errors: FHE0901, FHE0902, FHE0903.
 */
export function loadDataset(spec: string, options: LoadOptions): Promise<Dataset> {
  return Promise.resolve().then(() => {
    const parsed = parseInputSpec(spec, existsSync);
    return select(openSource(parsed.path, options), parsed, options);
  });
}

function select(source: ItemSource, { range, single }: InputSpec, options: LoadOptions): Dataset {
  const { shape } = options;
  const start = range?.start ?? 0;
  const end = Math.min(range?.end ?? source.count, source.count, start + (options.count ?? Infinity));
  if (start >= end) badInput(source.name, `input ${start} is asked for; there are ${source.count}`);
  if (single && source.count < start + 1) badInput(source.name, `there is no input ${start}`);
  const size = elementCount(shape);
  if ((end - start) * size > maxElements)
    badInput(source.name, `${end - start} inputs of ${size} numbers are too many at once; give a range`);
  const channelsLast = isChannelsLast(shape);
  const channels = shape.length < 3 ? 1 : channelsLast ? shape[3] : shape[1];
  const normalise = normaliser(options, source.pixels, channels);
  const images: Float64Array[] = [];
  for (let i = start; i < end; i++) {
    const item = source.read(i);
    const fit = fitOf(item.shape, source, shape);
    if (fit === 'none')
      badInput(source.name, `input ${i} has shape [${item.shape.join(', ')}]; the model takes [${shape.join(', ')}]`);
    const data = fit === 'planes' ? toChannelsLast(item.data, channels) : item.data;
    normalise(data, channelsLast ? 1 : data.length / channels);
    images.push(data);
  }
  return { images, shape, ...(source.labels ? { labels: source.labels.slice(start, end) } : {}) };
}

/** A model that takes images as [1, height, width, channels], as TensorFlow does. */
const isChannelsLast = (shape: readonly number[]): boolean =>
  shape.length === 4 && (shape[3] === 1 || shape[3] === 3) && shape[1] !== 1 && shape[1] !== 3;

function toChannelsLast(planes: Float64Array, channels: number): Float64Array {
  const pixels = planes.length / channels;
  return planes.map((_, i) => planes[(i % channels) * pixels + Math.floor(i / channels)]);
}

/**
 * An item fits as it is when its shape is the model's up to dimensions of 1, or when either is flat and the numbers are as many. Planes of
 * pixels fit a model that takes channels last.
 */
function fitOf(item: readonly number[], source: ItemSource, input: readonly number[]): 'same' | 'planes' | 'none' {
  if (withoutOnes(item) === withoutOnes(input)) return 'same';
  const dimensions = (shape: readonly number[]): number => shape.filter((d) => d !== 1).length;
  const flat = Math.min(dimensions(item), dimensions(input)) <= 1;
  if (flat && elementCount(item) === elementCount(input)) return 'same';
  const [channels, height, width] = item;
  const planes = source.pixels && isChannelsLast(input) && item.length === 3;
  return planes && withoutOnes([height, width, channels]) === withoutOnes(input) ? 'planes' : 'none';
}

/** Numbers of an option like `--mean 0.485,0.456,0.406`. Errors: FHE0901. */
export function parseNumbers(text: string, option: string): number[] {
  const numbers = text.split(',').map((t) => (t.trim() === '' ? NaN : Number(t)));
  if (numbers.some((x) => !Number.isFinite(x))) fail('FHE0901', `${option} ${text}: give numbers, separated by commas`);
  return numbers;
}
