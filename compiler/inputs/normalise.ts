import { fail } from '../../ir/diagnostics.ts';

/** How numbers of a file become inputs of the model: (x / scale - mean) / std. */
export interface Normalisation {
  /** Default: 255 for pixels (images, IDX bytes, CIFAR, built-in sets), 1 for arrays of numbers. */
  readonly scale?: number | undefined;
  /** One number, or one for each channel. Default 0. */
  readonly mean?: readonly number[] | undefined;
  /** One number, or one for each channel. Default 1. */
  readonly std?: readonly number[] | undefined;
}

/**
 * The function that normalises one item in place; `run` numbers in a row belong to one channel. Errors: FHE0901 for a zero scale or
 * deviation, and for a number of means or deviations that is neither 1 nor the number of channels.
 */
export function normaliser(
  options: Normalisation,
  pixels: boolean,
  channels: number,
): (data: Float64Array, run: number) => void {
  const scale = options.scale ?? (pixels ? 255 : 1);
  const mean = perChannel(options.mean ?? [0], channels, '--mean');
  const std = perChannel(options.std ?? [1], channels, '--std');
  if (!Number.isFinite(scale) || scale === 0) fail('FHE0901', `--scale ${scale}: give a number that is not zero`);
  if (std.some((s) => s === 0)) fail('FHE0901', '--std 0: a deviation is not zero');
  return (data, run) => {
    for (let i = 0; i < data.length; i++) {
      const c = Math.floor(i / run) % channels;
      data[i] = (data[i] / scale - mean[c]) / std[c];
    }
  };
}

function perChannel(numbers: readonly number[], channels: number, option: string): number[] {
  if (numbers.some((x) => !Number.isFinite(x))) fail('FHE0901', `${option}: not a number`);
  if (numbers.length === 1) return new Array<number>(channels).fill(numbers[0]);
  if (numbers.length === channels) return [...numbers];
  return fail('FHE0901', `${option} has ${numbers.length} numbers; the input has ${channels} channels`);
}
