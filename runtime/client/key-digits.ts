import { InternalError } from '../../ir/diagnostics.ts';

/** Bytes of a key table before its first list, then of the count of that list (SEAL 4.1 native/src/seal/kswitchkeys.cpp). */
const listStart = 16 + 32 + 8;
/** Bytes of a ciphertext before its words. */
const wordStart = 113;

/**
 * Adds to what a key-switching key encrypts: to the first polynomial of digit d, modulo primes[d], the words that `added` gives. `bytes`: a table of one
 * list, as SEAL saves relinearization keys, uncompressed, with or without seeds. Changes and returns the bytes.
 */
export function addToKeyDigits(
  bytes: Uint8Array,
  primes: readonly bigint[],
  ringDegree: number,
  added: (digit: number, prime: bigint) => BigUint64Array,
): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const digits = Number(view.getBigUint64(listStart, true));
  if (digits !== primes.length) throw new InternalError(`a key of ${digits} digits for ${primes.length} primes`);
  let object = listStart + 8;
  primes.forEach((q, digit) => {
    added(digit, q).forEach((word, i) => {
      const at = object + wordStart + 8 * (digit * ringDegree + i);
      view.setBigUint64(at, (view.getBigUint64(at, true) + word) % q, true);
    });
    object += Number(view.getBigUint64(object + 8, true));
  });
  return bytes;
}
