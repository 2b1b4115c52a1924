import type { Parameters } from '../../ir/ckks/parameters.ts';
import { openKeyMaker } from '../../runtime/client/native-keys.ts';
import type { NativeEngine, NativeKeyMaker } from '../../runtime/native/library.ts';
import { closeSeal, encodeAt, openSeal, uncompressed } from '../../runtime/seal/library.ts';

/** Who holds the secret: SEAL, over the few lowest primes of a deep chain. */
export interface BenchClient {
  /** At the top of the client's primes. */
  readonly encrypt: (vector: Float64Array, scale: number) => Uint8Array;
  readonly decrypt: (ciphertext: Uint8Array) => Float64Array;
  readonly keyMaker: (engine: NativeEngine) => NativeKeyMaker;
  readonly close: () => void;
}

/** A client for ciphertexts of at most this level. */
export async function openBenchClient(parameters: Parameters, level: number): Promise<BenchClient> {
  const seal = await openSeal({
    ...parameters,
    primes: parameters.primes.slice(0, level + 1),
    scales: parameters.scales.slice(0, level + 1),
    specialPrimes: parameters.specialPrimes.slice(0, 1),
  });
  const { library, context, encoder } = seal;
  const generator = library.KeyGenerator(context);
  const secret = generator.secretKey();
  const publicKey = generator.createPublicKey();
  const encryptor = library.Encryptor(context, publicKey, secret);
  const decryptor = library.Decryptor(context, secret);
  const evaluator = library.Evaluator(context);
  const owned = [generator, secret, publicKey, encryptor, decryptor, evaluator];
  return {
    encrypt: (vector, scale) => {
      const plain = encodeAt(seal, evaluator, vector, level, scale);
      const cipher = library.CipherText();
      encryptor.encryptSymmetric(plain, cipher);
      const bytes = cipher.saveArray(uncompressed(library));
      plain.delete();
      cipher.delete();
      return bytes;
    },
    decrypt: (ciphertext) => {
      const cipher = library.CipherText();
      cipher.loadArray(context, ciphertext);
      const plain = library.PlainText();
      decryptor.decrypt(cipher, plain);
      const vector = encoder.decode(plain);
      plain.delete();
      cipher.delete();
      return vector;
    },
    keyMaker: (engine) => openKeyMaker(engine, secret.saveArray(uncompressed(library)), parameters.ringDegree),
    close: () => closeSeal(seal, owned),
  };
}
