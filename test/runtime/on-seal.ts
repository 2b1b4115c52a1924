import type { SecretKey } from 'node-seal/implementation/secret-key.js';
import type { Parameters } from '../../ir/ckks/parameters.ts';
import type { Section } from '../../ir/program/container.ts';
import type { Program } from '../../ir/program/program.ts';
import { makeSecretSwitchKeys } from '../../runtime/client/sparse-secret.ts';
import { execute } from '../../runtime/execute.ts';
import { secretSwitchSection } from '../../runtime/files/evaluation-keys.ts';
import { sealBackend, type SealKeys } from '../../runtime/seal/backend.ts';
import { encodeAt, openSeal, uncompressed, type CipherText, type Seal } from '../../runtime/seal/library.ts';
import { openBase, type SecretSwitchKeys } from '../../runtime/seal/switch-secret.ts';

/** SEAL with a secret key and these keys, in this thread: for tests that compare back ends. */
export interface SealBench {
  readonly seal: Seal;
  readonly keys: SealKeys;
  readonly secretKey: SecretKey;
  readonly encrypt: (vector: Float64Array, level: number, scale: number) => CipherText;
  readonly decrypt: (cipher: CipherText) => Float64Array;
  /** Encrypts one vector an input register, runs, decrypts one vector an output register, and deletes everything. */
  readonly run: (program: Program, inputs: readonly Float64Array[]) => Float64Array[];
}

/** `sparseWeight`: makes the keys of an ephemeral sparse secret too. */
export async function openSealBench(
  parameters: Parameters,
  rotations: readonly number[],
  sparseWeight?: number,
): Promise<SealBench> {
  const seal = await openSeal(parameters);
  const { library, context, encoder } = seal;
  const generator = library.KeyGenerator(context);
  const secret = generator.secretKey();
  const evaluator = library.Evaluator(context);
  const encryptor = library.Encryptor(context, generator.createPublicKey(), secret);
  const decryptor = library.Decryptor(context, secret);
  const keys = {
    relinearization: generator.createRelinKeys(),
    // SEAL's name for the conjugation is a rotation by 0 steps.
    conjugation: generator.createGaloisKeys(Int32Array.of(0)),
    secrets:
      sparseWeight === undefined
        ? undefined
        : secretSwitchKeys(
            seal,
            makeSecretSwitchKeys(seal, generator, secret.saveArray(uncompressed(library)), sparseWeight),
          ),
    galois: new Map(rotations.map((steps) => [steps, generator.createGaloisKeys(Int32Array.of(steps))])),
  };
  const backend = sealBackend(seal, keys);
  const encrypt = (vector: Float64Array, level: number, scale: number): CipherText => {
    const plain = encodeAt(seal, evaluator, vector, level, scale);
    const cipher = library.CipherText();
    encryptor.encryptSymmetric(plain, cipher);
    plain.delete();
    return cipher;
  };
  const decrypt = (cipher: CipherText): Float64Array => {
    const plain = library.PlainText();
    decryptor.decrypt(cipher, plain);
    const vector = encoder.decode(plain);
    plain.delete();
    return vector;
  };
  return {
    seal,
    keys,
    secretKey: secret,
    encrypt,
    decrypt,
    run: (program, inputs) => {
      const ciphers = program.inputs.map(({ level, scale }, i) => encrypt(inputs[i], level, scale));
      const results = execute(program, backend, ciphers);
      const vectors = results.map(decrypt);
      for (const c of new Set([...ciphers, ...results])) c.delete();
      return vectors;
    },
  };
}

function secretSwitchKeys(seal: Seal, sections: readonly Section[]): SecretSwitchKeys {
  const base = openBase(seal);
  const byName = new Map(
    sections.map(({ name, bytes }) => {
      const key = seal.library.RelinKeys();
      key.loadArray(name === secretSwitchSection('sparse') ? base.context : seal.context, bytes);
      return [name, key] as const;
    }),
  );
  return { base, get: (to) => byName.get(secretSwitchSection(to)) };
}
