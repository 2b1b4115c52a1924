import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { KeyShape } from '../../ir/ckks/key-bytes.ts';
import { fail, FhecError, InternalError } from '../../ir/diagnostics.ts';
import { isSecure, type Parameters } from '../../ir/ckks/parameters.ts';
import { codes, type Code } from '../../ir/codes.ts';

/** Names an object of one engine: a ciphertext, a plaintext or a key. It lives until `release`. */
export type Handle = number;

export interface NativeEngineOptions {
  readonly ringDegree: number;
  readonly primes: BigUint64Array;
  readonly specialPrimes: BigUint64Array;
  /** Threads of the engine's own, the calling one included: 1 to 256. */
  readonly threads: number;
  readonly kernel: 'automatic' | 'portable' | 'ifma';
  /** Bytes of ciphertexts, plaintexts, keys and intermediate results; 0 for no limit. */
  readonly memoryBudget: number;
}

/**
 * One engine of the addon (runtime/native/engine/addon.hpp). Every method checks what it is given and throws an Error with a property `code` of
 * ir/codes.ts; go through {@link guardNative}. Words stand in SEAL's order: [part][prime][coefficient], little endian.
 */
export interface NativeEngine {
  encode(vector: Float64Array, level: number, scale: number): Handle;
  importCiphertext(words: Uint8Array, parts: number, level: number, scale: number): Handle;
  /** The second part stands as the 64 bytes of the seed of SEAL's BLAKE2Xb generator. */
  importSeededCiphertext(firstPart: Uint8Array, seed: Uint8Array, level: number, scale: number): Handle;
  importPlaintext(words: Uint8Array, level: number, scale: number): Handle;
  ciphertextWords(ciphertext: Handle): Uint8Array;
  plaintextWords(plaintext: Handle): Uint8Array;
  describeCiphertext(ciphertext: Handle): { readonly parts: number; readonly level: number; readonly scale: number };
  /** SEAL's name for the modulus of a level with this many special primes, 32 bytes. */
  modulusId(level: number, specialPrimes: number): Uint8Array;
  release(object: Handle): void;
  add(a: Handle, b: Handle): Handle;
  subtract(a: Handle, b: Handle): Handle;
  negate(a: Handle): Handle;
  multiply(a: Handle, b: Handle): Handle;
  addPlain(a: Handle, plain: Handle): Handle;
  multiplyPlain(a: Handle, plain: Handle): Handle;
  rescale(a: Handle): Handle;
  modDrop(a: Handle, level: number): Handle;
  /** X -> X^element on the words of every part: no key is involved, so the result is under another secret. */
  applyAutomorphism(a: Handle, element: number): Handle;
  multiplyByI(a: Handle): Handle;
  modRaise(a: Handle, level: number): Handle;
  /**
   * A switching key of SEAL: for each digit its words, and the seed of the second polynomial or an empty array. `element`: the Galois
   * element of a rotation or of the conjugation, else 1.
   */
  importSealKey(words: readonly Uint8Array[], seeds: readonly Uint8Array[], element: number): Handle;
  /** A key that a key maker made for this ring; anything else is refused (FHE0702). */
  importSeededKey(bytes: Uint8Array): Handle;
  describeKey(key: Handle): KeyDescription;
  /**
   * The client's: makes evaluation keys. `secret`: coefficients -1, 0 and 1, or their transform modulo the base prime, as SEAL keeps it. The addon has a
   * copy of its own, which `release` wipes; the caller wipes the array.
   */
  keyMaker(secret: Int8Array | BigUint64Array): NativeKeyMaker;
  relinearize(a: Handle, key: Handle): Handle;
  /** Both with one rounding. */
  relinearizeRescale(a: Handle, key: Handle): Handle;
  /** The automorphism of a Galois key: a rotation or the conjugation. */
  rotate(a: Handle, key: Handle): Handle;
  switchSecret(a: Handle, key: Handle): Handle;
  /** One result for each key of a rotation or the conjugation: what they share is done once. */
  rotateMany(a: Handle, keys: Float64Array): Float64Array;
  /** add(rotate(a), addend). */
  rotateAdd(a: Handle, key: Handle, addend: Handle): Handle;
  /** add(addend, rotate(a)): sums have the scale of their first operand. */
  addRotated(addend: Handle, a: Handle, key: Handle): Handle;
  /**
   * For each row the sum of the products of some inputs with plaintexts. `terms`: for each product the number of its input and the plaintext;
   * `ends`: for each row the number of terms up to its last one.
   */
  weightedSums(inputs: Float64Array, terms: Float64Array, ends: Float64Array): Float64Array;
  // Extended ciphertexts are the special primes' product times a ciphertext, modulo these primes too: not yet divided after key switching.
  extend(a: Handle): Handle;
  /** Of a ciphertext of either form, as `rotateMany`. */
  rotateManyExtended(a: Handle, keys: Float64Array): Float64Array;
  /** rotate(a) and the addend, each of either form; the scale is that of `a`, with `addendLeads` (0 or 1) that of the addend. */
  rotateAddExtended(a: Handle, key: Handle, addend: Handle, addendLeads: number): Handle;
  /** Of extended ciphertexts and plaintexts. */
  weightedSumsExtended(inputs: Float64Array, terms: Float64Array, ends: Float64Array): Float64Array;
  /** Rounded; with `rescale` (0 or 1) by the prime of the level too, in the same rounding. */
  divide(a: Handle, rescale: number): Handle;
  encodeManyExtended(vectors: readonly Float64Array[], level: number, scales: Float64Array): Float64Array;
  /** As `encode`, each vector with a scale of its own; each by one thread. */
  encodeMany(vectors: readonly Float64Array[], level: number, scales: Float64Array): Float64Array;
  /** Bytes that the engine's objects take now, and the most that it ever took. */
  bytesInUse(): number;
  peakBytes(): number;
  /** How many objects are held. */
  objectCount(): number;
  /** The median seconds of a transform of one limb modulo the base prime, on one thread. */
  transformSeconds(): number;
  /** 'ifma' or 'portable': what serves the base prime. */
  kernelName(): string;
  /** Frees everything; every later call is refused. */
  close(): void;
}

/** What a key serves. */
export interface KeyDescription extends KeyShape {
  /** The Galois element of a rotation or of the conjugation, else 1. */
  readonly element: number;
}

/** Makes evaluation keys under one secret, each as the bytes that `importSeededKey` takes. Ends with its engine, or earlier by `release`. */
export interface NativeKeyMaker {
  relinearization(level: number): Uint8Array;
  galois(element: number, level: number): Uint8Array;
  /** The keys to a fresh sparse secret of this Hamming weight, at level 0, and back, at `level`. */
  sparsePair(weight: number, level: number): { readonly toSparse: Uint8Array; readonly toDense: Uint8Array };
  release(): void;
}

export interface NativeLibrary {
  readonly Engine: new (options: NativeEngineOptions) => NativeEngine;
}

/** What of the options is not in the parameters. */
export type NativeSettings = Pick<NativeEngineOptions, 'threads'> &
  Partial<Pick<NativeEngineOptions, 'kernel' | 'memoryBudget'>>;

/** An engine for exactly these parameters. The caller closes it. Errors: FHE0804 without the addon, FHE0801 for parameters that it refuses, FHE0601. */
export function openNative(parameters: Parameters, settings: NativeSettings): NativeEngine {
  if (!isSecure(parameters) && parameters.secure)
    fail('FHE0601', 'the parameters claim 128-bit security and do not have it');
  const { Engine } = loadNative();
  return guardNative(
    'parameters',
    () =>
      new Engine({
        ringDegree: parameters.ringDegree,
        primes: BigUint64Array.from(parameters.primes),
        specialPrimes: BigUint64Array.from(parameters.specialPrimes),
        kernel: 'automatic',
        memoryBudget: 0,
        ...settings,
      }),
  );
}

/** From the sources and from dist/, which lies one folder deeper. */
const places = ['../../build/native/fhec_native.node', '../../../build/native/fhec_native.node'];

/** The addon, or why there is none. `FHEC_NATIVE=off` in the environment hides it. */
export function findNative(): NativeLibrary | { readonly missing: string } {
  if (process.env['FHEC_NATIVE'] === 'off') return { missing: 'the environment says FHEC_NATIVE=off' };
  const path = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((p) => existsSync(p));
  if (path === undefined) {
    return { missing: 'it was not built; `npm run build:native` builds it with CMake and a C++20 compiler' };
  }
  try {
    return createRequire(import.meta.url)(path) as NativeLibrary;
  } catch (error) {
    return { missing: `${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** The addon. Errors: FHE0804 with the reason when there is none. */
export function loadNative(): NativeLibrary {
  const found = findNative();
  return 'missing' in found ? fail('FHE0804', `the native engine is not there: ${found.missing}`) : found;
}

/** Runs a call into the engine; what it throws becomes a diagnostic with the engine's code. */
export function guardNative<T>(action: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof FhecError || error instanceof InternalError || !(error instanceof Error)) throw error;
    if ('code' in error && isCode(error.code)) return fail(error.code, `native engine, ${action}: ${error.message}`);
    throw error;
  }
}

const isCode = (code: unknown): code is Code => typeof code === 'string' && Object.hasOwn(codes, code);
