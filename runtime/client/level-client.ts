import type { Parameters } from '../../ir/ckks/parameters.ts';
import { loadCiphertext } from '../files/ciphertexts.ts';
import { closeSeal, createSeal, encodeAt, guard, levelIdBytes, uncompressed, type Seal } from '../seal/library.ts';
import { plainBytes, plainWords } from '../seal/raw.ts';

/** What a ciphertext of one level is called and how it is scaled. */
interface Label {
  readonly name: string;
  readonly level: number;
  readonly scale: number;
}

/** Encrypts and decrypts at one level. */
export interface LevelClient {
  readonly encrypt: (vector: Float64Array, label: Label) => Uint8Array;
  readonly decrypt: (bytes: Uint8Array, label: Label) => Float64Array;
  readonly close: () => void;
}

type SealSecretKey = ReturnType<Seal['library']['SecretKey']>;

/**
 * A client of one level, in a context of its own that ends at this level. `secretBytes`: the secret key modulo all primes of `parameters`, as SEAL saves it;
 * the caller wipes it.
 */
export function openLevel(
  library: Seal['library'],
  parameters: Parameters,
  level: number,
  secretBytes: Uint8Array,
): LevelClient {
  const { ringDegree, primes } = parameters;
  const cut = { ...parameters, primes: primes.slice(0, level + 1), scales: parameters.scales.slice(0, level + 1) };
  const seal = createSeal(library, cut, 'top');
  // Rows of the data primes, then that of the special prime.
  const all = plainWords(secretBytes);
  const rows = new BigUint64Array((level + 2) * ringDegree);
  rows.set(all.subarray(0, (level + 1) * ringDegree));
  rows.set(all.subarray(primes.length * ringDegree), (level + 1) * ringDegree);
  const bytes = plainBytes(levelIdBytes(seal.context.keyParmsId), 1, rows);
  const secret = library.SecretKey();
  try {
    guard(library, 'load secret key', () => secret.loadArray(seal.context, bytes));
  } finally {
    all.fill(0n);
    rows.fill(0n);
    bytes.fill(0);
  }
  return clientOf(seal, secret);
}

function clientOf(seal: Seal, secret: SealSecretKey): LevelClient {
  const { library, context, encoder } = seal;
  const generator = library.KeyGenerator(context, secret);
  const publicKey = generator.createPublicKey();
  generator.delete();
  const encryptor = library.Encryptor(context, publicKey, secret);
  const decryptor = library.Decryptor(context, secret);
  const evaluator = library.Evaluator(context);
  return {
    encrypt: (vector, { level, scale }) =>
      guard(library, 'encrypt', () => {
        const plain = encodeAt(seal, evaluator, vector, level, scale);
        const cipher = encryptor.encryptSymmetricSerializable(plain);
        const bytes = cipher.saveArray(uncompressed(library));
        plain.delete();
        cipher.delete();
        return bytes;
      }),
    decrypt: (bytes, label) =>
      guard(library, 'decrypt', () => {
        const cipher = loadCiphertext(seal, bytes, label);
        const plain = library.PlainText();
        try {
          decryptor.decrypt(cipher, plain);
          return encoder.decode(plain);
        } finally {
          cipher.delete();
          plain.delete();
        }
      }),
    close: () => closeSeal(seal, [decryptor, encryptor, evaluator, publicKey, secret]),
  };
}
