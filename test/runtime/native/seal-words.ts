import type { CipherText } from 'node-seal/implementation/cipher-text.js';
import type { ComprModeType } from 'node-seal/implementation/compr-mode-type.js';
import type { Context } from 'node-seal/implementation/context.js';
import type { Evaluator } from 'node-seal/implementation/evaluator.js';
import type { GaloisKeys } from 'node-seal/implementation/galois-keys.js';
import type { KeyGenerator } from 'node-seal/implementation/key-generator.js';
import type { ParmsIdType } from 'node-seal/implementation/parms-id-type.js';
import type { PlainText } from 'node-seal/implementation/plain-text.js';
import type { SchemeType } from 'node-seal/implementation/scheme-type.js';
import type { SEALLibrary } from 'node-seal/implementation/seal.js';
import type { SecurityLevel } from 'node-seal/implementation/security-level.js';
import SEAL from 'node-seal/allows_wasm_node_umd.js';
import { ciphertextFromWords } from '../../../runtime/files/seal-words.ts';
import { plainBytes, plainWords } from '../../../runtime/seal/raw.ts';

let loading: Promise<SEALLibrary> | undefined;

/** SEAL that reads and writes raw words, and takes ciphertexts whose second part is zero: what compares it with the engine word by word. */
export interface SealWords {
  readonly library: SEALLibrary;
  readonly context: Context;
  readonly evaluator: Evaluator;
  readonly generator: KeyGenerator;
  readonly levelIds: readonly ParmsIdType[];
  readonly ciphertext: (words: Uint8Array, parts: number, level: number, scale: number) => CipherText;
  readonly plaintext: (words: Uint8Array, level: number, scale: number) => PlainText;
  readonly wordsOf: (cipher: CipherText) => Uint8Array;
  readonly plainWordsOf: (plain: PlainText) => Uint8Array;
  readonly galoisKey: (steps: number) => GaloisKeys;
  readonly close: () => void;
}

const wordsInCiphertext = 113;
export async function openSealWords(
  ringDegree: number,
  primes: readonly bigint[],
  specialPrime: bigint,
): Promise<SealWords> {
  const load = SEAL as unknown as typeof SEAL.default;
  loading ??= load();
  const library = await loading;
  const moduli = [...primes, specialPrime].map((q) => library.Modulus(q));
  const vector = library.Vector();
  vector.from(moduli.map((m) => m.instance as bigint) as unknown as BigUint64Array, 'Modulus');
  const encryption = library.EncryptionParameters(library.SchemeType.ckks as SchemeType);
  encryption.setPolyModulusDegree(ringDegree);
  encryption.setCoeffModulus(vector);
  const context = library.Context(encryption, true, library.SecurityLevel.none as SecurityLevel);
  if (!context.parametersSet()) throw new Error(`SEAL refuses ${ringDegree}: ${primes.join(', ')}, ${specialPrime}`);
  const evaluator = library.Evaluator(context);
  const generator = library.KeyGenerator(context);
  const levelIds: ParmsIdType[] = [];
  let data = context.firstContextData;
  for (let level = primes.length - 1; level >= 0; level--) {
    levelIds[level] = data.parmsId;
    if (level > 0) data = data.nextContextData;
  }
  const idBytes = levelIds.map((id) => new Uint8Array(id.values.slice().buffer));
  const none = library.ComprModeType.none as ComprModeType;
  const keys = new Map<number, GaloisKeys>();
  return {
    library,
    context,
    evaluator,
    generator,
    levelIds,
    ciphertext: (words, parts, level, scale) => {
      const cipher = library.CipherText();
      const form = { levelId: idBytes[level], ringDegree, primes: primes.slice(0, level + 1), scale };
      cipher.loadArray(context, ciphertextFromWords(words, parts, form));
      return cipher;
    },
    plaintext: (words, level, scale) => {
      const plain = library.PlainText();
      plain.loadArray(context, plainBytes(idBytes[level], scale, new BigUint64Array(words.slice().buffer)));
      return plain;
    },
    wordsOf: (cipher) => cipher.saveArray(none).subarray(wordsInCiphertext),
    plainWordsOf: (plain) => new Uint8Array(plainWords(plain.saveArray(none)).buffer),
    galoisKey: (steps) => {
      const key = keys.get(steps) ?? generator.createGaloisKeys(Int32Array.of(steps));
      keys.set(steps, key);
      return key;
    },
    close: () => {
      for (const o of [...keys.values(), generator, evaluator, context, encryption, vector, ...moduli]) o.delete();
    },
  };
}
