import type { Parameters } from './parameters.ts';

/**
 * The magnitude below which every slot of a ciphertext or plaintext of this level and scale must stay: half the modulus over the scale.
 * Then every coefficient stays below half the modulus too, since no coefficient is larger than the largest slot.
 */
export function largestValue({ primes }: Parameters, level: number, scale: number): number {
  return primes.slice(0, level + 1).reduce((bound, q) => bound * Number(q), 0.5 / scale);
}

/** The largest absolute value; NaN when any number is NaN. */
export function largestMagnitude(vector: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < vector.length; i++) {
    const x = Math.abs(vector[i]);
    if (x <= largest) continue;
    if (Number.isNaN(x)) return NaN;
    largest = x;
  }
  return largest;
}

/** The largest absolute value of real + i * imaginary; NaN when any part is NaN. */
export function largestModulus(real: Float64Array, imaginary: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < real.length; i++) {
    const x = real[i] * real[i] + imaginary[i] * imaginary[i];
    if (x <= largest) continue;
    if (Number.isNaN(x)) return NaN;
    largest = x;
  }
  return Math.sqrt(largest);
}
