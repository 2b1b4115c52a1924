import { randomBytes } from 'node:crypto';
import { fail } from '../../ir/diagnostics.ts';
import type { TensorSignature } from '../../ir/program/program.ts';
import { tensor, type Tensor } from '../../ir/tensor.ts';

/** A result that may be shown to others, and what was done to it. */
export interface SharedOutput {
  readonly output: Tensor;
  /** The standard deviation of the noise added to each element (one number, or one for each). */
  readonly deviation: readonly number[];
  /** Each element is a multiple of this power of two. */
  readonly step: readonly number[];
}

export interface ShareOptions {
  /** How many results of this key may ever be shared; the noise grows with its square root. Default 1. */
  readonly results?: number;
  /** Bits of statistical security of the noise; it grows by half a bit for each. Default 8, a compromise: see below. */
  readonly securityBits?: number;
  /** A source of uniform random bytes; default the operating system's. */
  readonly bytes?: (count: number) => Uint8Array;
}

/**
 * Makes a decrypted output fit to be shared. A raw CKKS decryption carries the noise of the ciphertext, a linear function of the secret
 * key: whoever sees enough of them finds the key (Li and Micciancio, EUROCRYPT 2021). The remedy is noise flooding (Li, Micciancio, Schultz,
 * Sorrell, CRYPTO 2022): Gaussian noise of deviation sqrt(12 * results) * 2^(securityBits / 2) times the error bound, as their analysis of
 * Gaussian noise gives it, far above the error. The sum is rounded to a power of two near the deviation, so that nothing below the noise, bits of the
 * floating-point sampler included, is shown.
 *
 * Full security, 2^-128, would take noise that leaves no digit of an output of usual precision: the default hides the error of a few
 * results, it does not make a decryption oracle safe. Errors: FHE0603 when nothing of the result would be left.
 */
export function shareOutput(
  signature: TensorSignature,
  errorBound: number,
  output: Tensor,
  options: ShareOptions = {},
): SharedOutput {
  const { results = 1, securityBits = 8, bytes = randomBytes } = options;
  const flood = Math.sqrt(12 * results) * 2 ** (securityBits / 2);
  // The bound holds before the factor of the signature, the output has it applied.
  const deviation = signature.factor.map((factor) => flood * errorBound * Math.abs(factor));
  const step = deviation.map((d) => 2 ** Math.floor(Math.log2(d)));
  const at = (values: readonly number[], i: number): number => values[values.length === 1 ? 0 : i];
  const largest = output.data.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  const least = deviation.reduce((m, d) => Math.min(m, d), Infinity);
  if (!(least < largest)) {
    fail(
      'FHE0603',
      `sharing '${signature.name}' takes noise of deviation ${least.toPrecision(2)}, more than its largest element`,
    );
  }
  const normals = normalNumbers(output.data.length, bytes);
  const data = output.data.map((x, i) => {
    const grid = at(step, i);
    return grid * Math.round((x + at(deviation, i) * normals[i]) / grid);
  });
  return { output: tensor(output.shape, data), deviation, step };
}

/** Standard normal numbers from random bytes (Box and Muller, 1958), with 53 random bits in each uniform number. */
function normalNumbers(count: number, bytes: (count: number) => Uint8Array): Float64Array {
  const raw = bytes(16 * count);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const uniform = (at: number): number =>
    ((view.getUint32(at, true) >>> 5) * 2 ** 26 + (view.getUint32(at + 4, true) >>> 6)) * 2 ** -53;
  return Float64Array.from({ length: count }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log1p(-uniform(16 * i)));
    return radius * Math.cos(2 * Math.PI * uniform(16 * i + 8));
  });
}
