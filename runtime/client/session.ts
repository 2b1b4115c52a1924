import { slotCount } from '../../ir/ckks/parameters.ts';
import { fail } from '../../ir/diagnostics.ts';
import type { TensorSignature } from '../../ir/program/program.ts';
import { specificationFingerprint, type Specification } from '../../ir/program/schema.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { loadCiphertext, type CiphertextLabel } from '../files/ciphertexts.ts';
import { closeSeal, encodeAt, guard, openSeal, uncompressed } from '../seal/library.ts';
import { clientParameters } from './client-parameters.ts';
import { loadSecretKey, type SecretKey } from './keys.ts';
import { packTensor, unpackTensor } from './pack.ts';

/** The client: holds the secret key, encrypts inputs and decrypts results. Call `close` when done. */
export interface ClientSession {
  readonly specification: Specification;
  readonly label: (role: CiphertextLabel['role']) => CiphertextLabel;
  /** One tensor for each input signature -> serialized ciphertexts, one for each vector. Symmetric encryption: less noise, half the bytes. */
  readonly encrypt: (inputs: readonly Tensor[]) => Uint8Array[];
  /** Serialized ciphertexts of all outputs -> one tensor for each output signature, before the client steps. */
  readonly decrypt: (ciphertexts: readonly Uint8Array[]) => Tensor[];
  readonly close: () => void;
}

export async function openClient(specification: Specification, key: SecretKey): Promise<ClientSession> {
  const seal = await openSeal(clientParameters(specification));
  const { library, context, encoder } = seal;
  const secret = loadSecretKey(seal, key);
  const generator = library.KeyGenerator(context, secret);
  const publicKey = generator.createPublicKey();
  generator.delete();
  const encryptor = library.Encryptor(context, publicKey, secret);
  const decryptor = library.Decryptor(context, secret);
  const evaluator = library.Evaluator(context);
  const slots = slotCount(specification.parameters);

  const encryptVector = (signature: TensorSignature, vector: Float64Array): Uint8Array =>
    guard(library, 'encrypt', () => {
      const plain = encodeAt(seal, evaluator, vector, signature.level, signature.scale);
      const cipher = encryptor.encryptSymmetricSerializable(plain);
      const bytes = cipher.saveArray(uncompressed(library));
      plain.delete();
      cipher.delete();
      return bytes;
    });

  const decryptVector = (signature: TensorSignature, bytes: Uint8Array): Float64Array =>
    guard(library, 'decrypt', () => {
      const cipher = loadCiphertext(seal, bytes, signature);
      const plain = library.PlainText();
      try {
        decryptor.decrypt(cipher, plain);
        return encoder.decode(plain);
      } finally {
        cipher.delete();
        plain.delete();
      }
    });

  return {
    specification,
    label: (role) => ({ specification: specificationFingerprint(specification), key: key.keyFingerprint, role }),
    encrypt: (inputs) => {
      const wanted = specification.inputs.length;
      if (inputs.length !== wanted) fail('FHE0903', `${inputs.length} inputs given, the model takes ${wanted}`);
      return specification.inputs.flatMap((signature, i) =>
        packTensor(signature, inputs[i], slots).map((vector) => encryptVector(signature, vector)),
      );
    },
    decrypt: (ciphertexts) => {
      const wanted = specification.outputs.reduce((n, s) => n + s.registers.length, 0);
      if (ciphertexts.length !== wanted)
        fail('FHE0702', `${ciphertexts.length} ciphertexts given, the results have ${wanted}`);
      let at = 0;
      return specification.outputs.map((signature) =>
        unpackTensor(
          signature,
          signature.registers.map(() => decryptVector(signature, ciphertexts[at++])),
        ),
      );
    },
    close: () => closeSeal(seal, [decryptor, encryptor, evaluator, publicKey, secret]),
  };
}
