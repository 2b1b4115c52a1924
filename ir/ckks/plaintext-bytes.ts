import { line, packedBytes } from './packed-bytes.ts';
import type { Parameters } from './parameters.ts';

/**
 * Bytes of encoded weights that the native engine keeps from run to run unless told otherwise: the transforms of a deep network's bootstraps have a gigabyte
 * and a half, and every bootstrap needs them again.
 */
export const keptWeights = 1.5 * 2 ** 30;

/** Bytes of ciphertexts that operations fused into one may hold beside it, where memory is not short; more does not make it faster. */
export const mostFused = 2 ** 28;

/** Runs as short as these are not worth their place: least_run in runtime/native/engine/encode.cc. */
const leastRun = 16;

/**
 * The words that the engine keeps of an encoded vector for each prime: one for a number in every slot, all N for most vectors, and one for each run
 * of equal words where the first slots come again and again. `vector`: N / 2 slots, as many real and then imaginary parts, or one number for every slot.
 */
export function plaintextWords(vector: Float64Array, ringDegree: number): number {
  if (vector.length === 1) return 1;
  const slots = ringDegree / 2;
  const repeats = (period: number): boolean => {
    for (let part = 0; part < vector.length; part += slots)
      for (let j = part; j + period < part + slots; j++) if (vector[j] !== vector[j + period]) return false;
    return true;
  };
  let period = slots;
  while (period > 2 && repeats(period / 2)) period /= 2;
  return slots / period < leastRun ? ringDegree : 2 * period;
}

/** The bytes that the engine keeps of a plaintext with so many words for each prime; with all special primes where it is a factor of `extended` ciphertexts. */
export type EncodedBytes = (words: number, level: number, extended?: boolean) => number;

/** For plaintexts of these parameters. */
export function encodedBytes({ ringDegree, primes, specialPrimes }: Parameters): EncodedBytes {
  const primesOf = (level: number, extended: boolean): readonly bigint[] => [
    ...primes.slice(0, level + 1),
    ...(extended ? specialPrimes : []),
  ];
  const packed = [false, true].map((extended) =>
    primes.map((_, level) => packedPlaintextBytes(ringDegree, primesOf(level, extended))),
  );
  return (words, level, extended = false) =>
    words === ringDegree ? packed[Number(extended)][level] : 8 * words * primesOf(level, extended).length;
}

/** Of N words for each of these primes, at their width: PackedPolynomial in runtime/native/engine/ring.cc. */
const packedPlaintextBytes = (ringDegree: number, primes: readonly bigint[]): number =>
  primes.reduce((sum, q) => sum + packedBytes(ringDegree, q.toString(2).length), line);
