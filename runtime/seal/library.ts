import type { ComprModeType } from 'node-seal/implementation/compr-mode-type.js';
import type { EncryptionParameters } from 'node-seal/implementation/encryption-parameters.js';
import type { SchemeType } from 'node-seal/implementation/scheme-type.js';
import type { SEALLibrary } from 'node-seal/implementation/seal.js';
import type { SecurityLevel } from 'node-seal/implementation/security-level.js';
import SEAL from 'node-seal/throws_wasm_node_umd.js';
import type { Context } from 'node-seal/implementation/context.js';
import type { ParmsIdType } from 'node-seal/implementation/parms-id-type.js';
import type { Parameters } from '../../ir/ckks/parameters.ts';
import { isSecure } from '../../ir/ckks/parameters.ts';
import { requireSeal } from './require-seal.ts';
import { newPlainText, poolClass, withPool } from './pools.ts';
import type { CipherText, PlainText, Seal } from './seal.ts';
import { largestMagnitude, largestValue } from '../../ir/ckks/largest-value.ts';
import { fail, FhecError, InternalError } from '../../ir/diagnostics.ts';

export type { CipherText, PlainText, Seal } from './seal.ts';

let loading: Promise<SEALLibrary> | undefined;

export function loadLibrary(): Promise<SEALLibrary> {
  // The package's declarations describe an ES module, the file is CommonJS: its default import is the function itself.
  const load = SEAL as unknown as typeof SEAL.default;
  loading ??= load();
  return loading;
}

/**
 * Makes SEAL's context for exactly these primes. Errors: FHE0601 for parameters below 128-bit security that are not marked as
 * insecure test parameters, FHE0801 when SEAL refuses them. Takes seconds at N = 2^14 and above.
 */
export async function openSeal(parameters: Parameters, levels: SealLevels = 'all'): Promise<Seal> {
  return createSeal(await loadLibrary(), parameters, levels);
}

/** The levels that a context serves. SEAL makes tables for each: without those below the top it is made several times faster. */
export type SealLevels = 'all' | 'top';

/** As {@link openSeal}, in a library that is loaded. */
export function createSeal(library: SEALLibrary, parameters: Parameters, levels: SealLevels = 'all'): Seal {
  if (!isSecure(parameters) && parameters.secure) {
    fail('FHE0601', 'the parameters claim 128-bit security and do not have it');
  }
  requireSeal(parameters);
  return guard(library, 'context', () => {
    const encryption = encryptionParameters(library, parameters);
    const securities = library.SecurityLevel;
    // SEAL's own table ends at 2^15; that the parameters are secure is checked above.
    const checked = parameters.secure && parameters.ringDegree <= 2 ** 15;
    const security = (checked ? securities.tc128 : securities.none) as SecurityLevel;
    const context = library.Context(encryption, levels === 'all', security);
    encryption.delete();
    if (!context.parametersSet()) fail('FHE0801', `SEAL refuses the parameters (N = ${parameters.ringDegree})`);
    return {
      library,
      context,
      encoder: library.CKKSEncoder(context),
      parameters,
      levelIds: levelIdsOf(context, parameters, levels),
      pools: poolClass(library),
    };
  });
}

function encryptionParameters(library: SEALLibrary, parameters: Parameters): EncryptionParameters {
  const moduli = [...parameters.primes, ...parameters.specialPrimes].map((q) => library.Modulus(q));
  const vector = library.Vector();
  // The declarations know typed arrays only; SEAL itself takes a list of Modulus instances here, as its own Create returns.
  vector.from(moduli.map((m) => m.instance as bigint) as unknown as BigUint64Array, 'Modulus');
  const encryption = library.EncryptionParameters(library.SchemeType.ckks as SchemeType);
  encryption.setPolyModulusDegree(parameters.ringDegree);
  encryption.setCoeffModulus(vector);
  for (const m of moduli) m.delete();
  vector.delete();
  return encryption;
}

/** SEAL's name for the modulus of keys: all primes, the special one last. Needs no context. */
export function keyLevelId(library: SEALLibrary, parameters: Parameters): Uint8Array {
  const encryption = encryptionParameters(library, parameters);
  try {
    return levelIdBytes(encryption.parmsId);
  } finally {
    encryption.delete();
  }
}

/** Every object is saved uncompressed: ciphertexts and keys are random bits. The declarations of the package leave the value untyped. */
export const uncompressed = (library: SEALLibrary): ComprModeType => library.ComprModeType.none as ComprModeType;

function levelIdsOf(context: Context, parameters: Parameters, levels: SealLevels): ParmsIdType[] {
  const ids: ParmsIdType[] = [];
  const top = parameters.primes.length - 1;
  let data = context.firstContextData;
  for (let level = top; level >= (levels === 'all' ? 0 : top); level--) {
    if (level < top) data = data.nextContextData;
    ids[level] = data.parmsId;
  }
  return ids;
}

/** Gives back the memory of a context and of what was made with it: WASM memory is not collected. */
export function closeSeal(seal: Seal, objects: readonly { delete: () => void }[]): void {
  for (const o of objects) o.delete();
  seal.encoder.delete();
  seal.context.delete();
}

/** Runs a call into SEAL; what SEAL throws (numbers among others) becomes FHE0801 with SEAL's own message. */
export function guard<T>(library: SEALLibrary, action: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof FhecError || error instanceof InternalError) throw error;
    const text = messageOf(library, error);
    const code = /bad_alloc|allocation failed/i.test(text) ? 'FHE0805' : 'FHE0801';
    return fail(code, `SEAL, ${action}: ${text}`);
  }
}

function messageOf(library: SEALLibrary, error: unknown): string {
  if (error instanceof Error) return error.message;
  if (typeof error === 'number' || typeof error === 'string') return library.Exception.safe(error).message;
  return String(error);
}

/** SEAL's name for a modulus as the 32 bytes that stand in its files. */
export const levelIdBytes = (id: ParmsIdType): Uint8Array => new Uint8Array(id.values.slice().buffer);

/** The level of a ciphertext: it has one prime more than its level. */
export const levelOf = (cipher: CipherText): number => cipher.coeffModulusSize - 1;

/**
 * Encodes at any level: SEAL encodes at the top of the chain, and dropping primes of a plaintext is exact.
 * Errors: FHE0803 for a number that is not finite or too large for the modulus.
 */
export function encodeAt(
  seal: Seal,
  evaluator: Evaluator,
  vector: Float64Array,
  level: number,
  scale: number,
): PlainText {
  const { library, encoder, parameters, levelIds } = seal;
  const slots = parameters.ringDegree / 2;
  const largest = largestMagnitude(vector);
  if (!(largest < largestValue(parameters, level, scale))) {
    fail('FHE0803', `a number of magnitude ${largest} cannot be encoded at level ${level} and scale ${scale}`);
  }
  return guard(library, 'encode', () => {
    const full = vector.length === 1 ? new Float64Array(slots).fill(vector[0]) : vector;
    const atTop = newPlainText(seal);
    try {
      withPool(seal, (pool) => encoder.encode(full, scale, atTop, pool));
      if (level < levelIds.length - 1) evaluator.plainModSwitchTo(atTop, levelIds[level], atTop);
      // The plaintext still has the memory of the dropped primes, a copy of it has not.
      const plain = newPlainText(seal);
      plain.copy(atTop);
      return plain;
    } finally {
      atTop.delete();
    }
  });
}

export type Evaluator = ReturnType<SEALLibrary['Evaluator']>;
