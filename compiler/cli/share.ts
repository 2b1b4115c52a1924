import { randomBytes } from 'node:crypto';
import type { Tensor } from '../../ir/tensor.ts';

/** Standard deviation of the added noise, in error bounds. */
const floodingFactor = 8;

/**
 * Makes decrypted values fit to be shown to others: adds Gaussian noise of eight error bounds from the operating system's randomness, then rounds to
 * multiples of a power of two near the bound, so that the noise of the computation, which depends on the key, is buried and its low bits are
 * gone (Li and Micciancio, EUROCRYPT 2021). A remedy for a moderate number of results; no number of queries is proven safe.
 */
export function shareable(output: Tensor, errorBound: number): Tensor {
  if (!(errorBound > 0)) return output;
  const step = 2 ** Math.ceil(Math.log2(errorBound));
  const data = output.data.map((v) => Math.round((v + floodingFactor * errorBound * gaussian()) / step) * step);
  return { shape: output.shape, data };
}

/** A standard normal number (Box and Muller, 1958). */
function gaussian(): number {
  const uniform = (): number => (Number(randomBytes(8).readBigUInt64LE() >> 11n) + 1) / 2 ** 53;
  return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
