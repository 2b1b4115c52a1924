import { ciphertextFromWords } from '../files/seal-words.ts';
import { levelIdBytes, uncompressed, type CipherText, type PlainText, type Seal } from './library.ts';

/**
 * SEAL's objects as words, for what SEAL itself does not offer. Formats: SEAL 4.1 native/src/seal/{serialization,dynarray,ciphertext,plaintext}.cpp;
 * little endian, uncompressed. Words stand polynomial by polynomial, prime by prime, N of them each, below their prime.
 */
export interface RawForm {
  readonly level: number;
  readonly scale: number;
  /** Words are values at the roots (SEAL's order), not coefficients. */
  readonly transformed: boolean;
}

const cipherHeaderLength = 113;
const plainHeaderLength = 88;
/** The byte of a ciphertext that says whether it is transformed. */
const transformedAt = 48;

/** Writes the common header of an object of `length` bytes that begins at `at`. */
function writeHeader(view: DataView, at: number, length: number): void {
  view.setUint16(at, 0xa15e, true);
  view.setUint8(at + 2, 16);
  view.setUint8(at + 3, 4);
  view.setUint8(at + 4, 1);
  view.setBigUint64(at + 8, BigInt(length), true);
}

/** The words of a whole ciphertext, a copy. */
export function wordsOf({ library }: Seal, cipher: CipherText): BigUint64Array {
  const bytes = cipher.saveArray(uncompressed(library));
  return new BigUint64Array(bytes.slice(cipherHeaderLength).buffer);
}

/** Makes `out` a ciphertext of these words; its size is what they make. */
export function loadWords(seal: Seal, form: RawForm, words: BigUint64Array, out: CipherText): void {
  const { context, levelIds, parameters } = seal;
  const { ringDegree } = parameters;
  const primes = parameters.primes.slice(0, form.level + 1);
  const parts = words.length / (primes.length * ringDegree);
  const full = { levelId: levelIdBytes(levelIds[form.level]), ringDegree, primes, scale: form.scale };
  const bytes = ciphertextFromWords(new Uint8Array(words.buffer, words.byteOffset, 8 * words.length), parts, full);
  bytes[transformedAt] = form.transformed ? 1 : 0;
  out.loadArray(context, bytes);
}

/** A plaintext in transformed form. The caller deletes it. */
export function plainOf(seal: Seal, level: number, scale: number, words: BigUint64Array): PlainText {
  const plain = seal.library.PlainText();
  plain.loadArray(seal.context, plainBytes(levelIdBytes(seal.levelIds[level]), scale, words));
  return plain;
}

/** The file of one polynomial in transformed form. `levelId`: SEAL's name for its modulus. */
export function plainBytes(levelId: Uint8Array, scale: number, words: BigUint64Array): Uint8Array {
  const bytes = new Uint8Array(plainHeaderLength + 8 * words.length);
  const view = new DataView(bytes.buffer);
  writeHeader(view, 0, bytes.length);
  bytes.set(levelId, 16);
  view.setBigUint64(48, BigInt(words.length), true);
  view.setFloat64(56, scale, true);
  writeHeader(view, 64, bytes.length - 64);
  view.setBigUint64(80, BigInt(words.length), true);
  bytes.set(new Uint8Array(words.buffer, words.byteOffset, 8 * words.length), plainHeaderLength);
  return bytes;
}

/** The words of such a file, or the first `count` of them; a copy. */
export const plainWords = (bytes: Uint8Array, count?: number): BigUint64Array =>
  new BigUint64Array(
    bytes.slice(plainHeaderLength, count === undefined ? undefined : plainHeaderLength + 8 * count).buffer,
  );

/** Integers of any size and sign modulo each prime, prime by prime. */
export function residues(values: readonly bigint[], primes: readonly bigint[]): BigUint64Array {
  const words = new BigUint64Array(values.length * primes.length);
  primes.forEach((q, p) =>
    values.forEach((v, i) => {
      const rest = v % q;
      words[p * values.length + i] = rest < 0n ? rest + q : rest;
    }),
  );
  return words;
}
