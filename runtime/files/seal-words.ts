import type { RlweForm } from './seal-bytes.ts';

const objectHeader = 16;
const wordsAt = 113;

/**
 * A ciphertext of `parts` polynomials as SEAL writes it, from words [part][prime][coefficient]. Format: SEAL 4.1
 * native/src/seal/{serialization,ciphertext,dynarray}.cpp, uncompressed.
 */
export function ciphertextFromWords(words: Uint8Array, parts: number, form: RlweForm): Uint8Array {
  const bytes = new Uint8Array(wordsAt + words.length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const u8 = (value: number): void => view.setUint8(at++, value);
  const u64 = (value: number): void => {
    view.setBigUint64(at, BigInt(value), true);
    at += 8;
  };
  const header = (length: number): void => {
    for (const byte of [0x5e, 0xa1, objectHeader, 4, 1, 0, 0, 0]) u8(byte);
    u64(length);
  };
  header(bytes.length);
  bytes.set(form.levelId, at);
  at += form.levelId.length;
  u8(1); // transform form
  u64(parts);
  u64(form.ringDegree);
  u64(form.primes.length);
  view.setFloat64(at, form.scale, true);
  at += 8;
  u64(1); // correction factor, of BGV
  header(objectHeader + 8 + words.length);
  u64(words.length / 8);
  bytes.set(words, at);
  return bytes;
}
