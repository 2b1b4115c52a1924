import { fail } from '../../ir/diagnostics.ts';

/**
 * Checks SEAL's serialized objects field by field before SEAL sees them: SEAL 4.1.2 trusts the sizes inside and can run for ever on bad
 * ones. Formats: SEAL 4.1 native/src/seal/{serialization,dynarray,ciphertext,plaintext,kswitchkeys}.cpp; little endian, uncompressed only.
 */
export interface RlweForm {
  /** SEAL's name for the modulus, as bytes. */
  readonly levelId: Uint8Array;
  readonly ringDegree: number;
  /** The primes of the modulus, in SEAL's order. */
  readonly primes: readonly bigint[];
  readonly scale: number;
}

/** The words of a pair of polynomials as they stand in a file, [polynomial][prime][coefficient]: views of its bytes. */
export interface RlwePair {
  /** Both polynomials; only the first where a seed stands for the second. */
  readonly words: Uint8Array;
  /** 64 bytes for one of SEAL's generators. */
  readonly seed?: { readonly generator: 'blake2xb' | 'shake256'; readonly bytes: Uint8Array };
}

const headerLength = 16;
const seedBlockLength = headerLength + 1 + 64;

class Cursor {
  readonly bytes: Uint8Array;
  readonly what: string;
  readonly #view: DataView;
  at = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.bytes = bytes;
    this.what = what;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  refuse(reason: string): never {
    return fail('FHE0702', `${this.what}: ${reason}`);
  }

  #take(length: number): number {
    const from = this.at;
    if (length > this.bytes.length - from) this.refuse('ends early');
    this.at += length;
    return from;
  }

  u8 = (): number => this.#view.getUint8(this.#take(1));
  u16 = (): number => this.#view.getUint16(this.#take(2), true);
  f64 = (): number => this.#view.getFloat64(this.#take(8), true);
  /** A count; beyond 2^53 it is absurd and stays so as a double. */
  u64 = (): number => Number(this.#view.getBigUint64(this.#take(8), true));

  expect(value: number, expected: number, field: string): void {
    if (value !== expected) this.refuse(`${field} is ${value}, not ${expected}`);
  }

  expectBytes(expected: Uint8Array, field: string): void {
    const from = this.#take(expected.length);
    if (expected.some((b, i) => this.bytes[from + i] !== b)) this.refuse(`${field} differs`);
  }

  /** The common header; returns the position after the object. */
  header(): number {
    const start = this.at;
    this.expect(this.u16(), 0xa15e, 'magic number');
    this.expect(this.u8(), headerLength, 'header length');
    this.expect(this.u8(), 4, 'major version');
    this.expect(this.u8(), 1, 'minor version');
    this.expect(this.u8(), 0, 'compression');
    this.expect(this.u16(), 0, 'reserved field');
    const size = this.u64();
    if (size > this.bytes.length - start) this.refuse('states more bytes than there are');
    return start + size;
  }

  /** `rows` polynomials: N words for each prime, each below its prime. */
  residues(rows: number, form: RlweForm): void {
    for (let row = 0; row < rows; row++) {
      for (const prime of form.primes) {
        const from = this.#take(8 * form.ringDegree);
        if (!reduced(this.#view, from, form.ringDegree, prime)) this.refuse('a coefficient is not below its prime');
      }
    }
  }
}

function reduced(view: DataView, from: number, count: number, prime: bigint): boolean {
  const high = Number(prime >> 32n);
  const low = Number(prime & 0xffffffffn);
  for (let i = 0; i < count; i++) {
    const top = view.getUint32(from + 8 * i + 4, true);
    if (top > high || (top === high && view.getUint32(from + 8 * i, true) >= low)) return false;
  }
  return true;
}

function readRlwe(cursor: Cursor, form: RlweForm): RlwePair {
  const end = cursor.header();
  cursor.expectBytes(form.levelId, 'the modulus');
  cursor.expect(cursor.u8(), 1, 'transform form');
  cursor.expect(cursor.u64(), 2, 'size');
  cursor.expect(cursor.u64(), form.ringDegree, 'ring degree');
  cursor.expect(cursor.u64(), form.primes.length, 'number of primes');
  cursor.expect(cursor.f64(), form.scale, 'scale');
  cursor.expect(cursor.u64(), 1, 'correction factor (of BGV)');
  const arrayEnd = cursor.header();
  const polynomial = form.ringDegree * form.primes.length;
  const words = cursor.u64();
  if (words !== polynomial && words !== 2 * polynomial) cursor.refuse(`${words} words`);
  const start = cursor.at;
  cursor.residues(words / polynomial, form);
  cursor.expect(cursor.at, arrayEnd, 'length of the coefficients');
  const stored = cursor.bytes.subarray(start, cursor.at);
  if (words !== polynomial) {
    cursor.expect(cursor.at, end, 'length');
    return { words: stored };
  }
  // The second polynomial is uniform and stands as the seed of SEAL's generator.
  cursor.expect(cursor.header() - cursor.at, seedBlockLength - headerLength, 'length of the seed');
  const generator = generators.get(cursor.u8()) ?? cursor.refuse('unknown generator');
  const seed = cursor.bytes.subarray(cursor.at, cursor.at + 64);
  cursor.at += 64;
  cursor.expect(cursor.at, end, 'length');
  return { words: stored, seed: { generator, bytes: seed } };
}

const generators: ReadonlyMap<number, 'blake2xb' | 'shake256'> = new Map([
  [1, 'blake2xb'],
  [2, 'shake256'],
]);

/** Accepts exactly a ciphertext of size 2 of this form, whole or with a seed. Errors: FHE0702. */
export function readCiphertextPair(bytes: Uint8Array, form: RlweForm, what: string): RlwePair {
  const cursor = new Cursor(bytes, what);
  const pair = readRlwe(cursor, form);
  cursor.expect(cursor.at, bytes.length, 'length');
  return pair;
}

/** As {@link readCiphertextPair}, for SEAL, which takes the bytes themselves. */
export function checkCiphertextBytes(bytes: Uint8Array, form: RlweForm, what: string): Uint8Array {
  readCiphertextPair(bytes, form, what);
  return bytes;
}

/**
 * Accepts exactly one key-switching key (relinearization or Galois) over the whole modulus: a table of key lists of which one is filled,
 * with one RLWE pair for each data prime. `index` is the place of the filled list. Errors: FHE0702.
 */
export function readKeyPairs(
  bytes: Uint8Array,
  form: RlweForm,
  index: number,
  tableLength: number,
  what: string,
): RlwePair[] {
  const cursor = new Cursor(bytes, what);
  const end = cursor.header();
  cursor.expectBytes(form.levelId, 'the modulus');
  cursor.expect(cursor.u64(), tableLength, 'length of the key table');
  const digits = form.primes.length - 1;
  const pairs: RlwePair[] = [];
  for (let i = 0; i < tableLength; i++) {
    const listed = cursor.u64();
    cursor.expect(listed, i === index ? digits : 0, `number of keys at ${i}`);
    for (let d = 0; d < listed; d++) pairs.push(readRlwe(cursor, form));
  }
  cursor.expect(cursor.at, end, 'length');
  cursor.expect(cursor.at, bytes.length, 'length');
  return pairs;
}

/** As {@link readKeyPairs}, for SEAL, which takes the bytes themselves. */
export function checkKeyBytes(...args: Parameters<typeof readKeyPairs>): Uint8Array {
  readKeyPairs(...args);
  return args[0];
}

/** Accepts exactly a secret key over the whole modulus: one polynomial, in transform form. Errors: FHE0702. */
export function checkSecretKeyBytes(bytes: Uint8Array, form: RlweForm, what: string): Uint8Array {
  const cursor = new Cursor(bytes, what);
  const words = form.ringDegree * form.primes.length;
  const end = cursor.header();
  cursor.expectBytes(form.levelId, 'the modulus');
  cursor.expect(cursor.u64(), words, 'number of coefficients');
  cursor.expect(cursor.f64(), form.scale, 'scale');
  const arrayEnd = cursor.header();
  cursor.expect(cursor.u64(), words, 'number of words');
  cursor.residues(1, form);
  cursor.expect(cursor.at, arrayEnd, 'length of the coefficients');
  cursor.expect(cursor.at, end, 'length');
  cursor.expect(cursor.at, bytes.length, 'length');
  return bytes;
}

/** The place of the Galois key for a rotation by `steps` to the left: (3^steps mod 2N - 1) / 2 (SEAL galois.h). */
export function galoisIndex(steps: number, ringDegree: number): number {
  let element = 1;
  for (let i = 0; i < steps; i++) element = (element * 3) % (2 * ringDegree);
  return (element - 1) / 2;
}
