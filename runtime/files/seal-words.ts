import type { RlweForm } from './seal-bytes.ts';

/**
 * The raw words inside SEAL's serialized ciphertexts, for back ends that are not SEAL. Format: SEAL 4.1
 * native/src/seal/{serialization,ciphertext,dynarray}.cpp, uncompressed; words stand as [part][prime][coefficient].
 */
const objectHeader = 16;
const wordsAt = 113;
const seedBlock = objectHeader + 1 + 64;

/** SEAL's number of the generator that expands a seed. */
const blake2xb = 1;

export interface CiphertextWords {
  /** Both parts; or only the first when `seed` stands for the second. */
  readonly words: Uint8Array;
  /** 64 bytes for SEAL's BLAKE2Xb generator. */
  readonly seed?: Uint8Array;
}

/** Takes the words out of a ciphertext that `checkCiphertextBytes` accepted; undefined when it has a seed of another generator than BLAKE2Xb. */
export function ciphertextWords(bytes: Uint8Array, form: RlweForm): CiphertextWords | undefined {
  const part = 8 * form.ringDegree * form.primes.length;
  const whole = wordsAt + 2 * part;
  if (bytes.length === whole) return { words: bytes.subarray(wordsAt, whole) };
  const seedAt = wordsAt + part + objectHeader;
  if (bytes.length !== wordsAt + part + seedBlock || bytes[seedAt] !== blake2xb) return undefined;
  return { words: bytes.subarray(wordsAt, wordsAt + part), seed: bytes.subarray(seedAt + 1, seedAt + 65) };
}

/** Words of a ciphertext of `parts` polynomials as SEAL writes it. */
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
