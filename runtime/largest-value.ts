import type { Parameters } from '../ir/ckks/parameters.ts';

/**
 * The magnitude below which every slot of a ciphertext or plaintext of this level and scale must stay: half the modulus over the scale.
 * Then every coefficient stays below half the modulus too, since no coefficient is larger than the largest slot.
 */
export function largestValue({ primes }: Parameters, level: number, scale: number): number {
  return primes.slice(0, level + 1).reduce((bound, q) => bound * Number(q), 0.5 / scale);
}
