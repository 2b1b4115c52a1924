import { slotCount } from '../../ir/ckks/parameters.ts';
import { fail, InternalError } from '../../ir/diagnostics.ts';
import type { TensorSignature } from '../../ir/program/program.ts';
import { specificationFingerprint, type Specification } from '../../ir/program/schema.ts';
import type { Tensor } from '../../ir/tensor.ts';
import type { CiphertextLabel } from '../files/ciphertexts.ts';
import { loadLibrary } from '../seal/library.ts';
import { clientParameters } from './client-parameters.ts';
import { checkSecretKey, type SecretKey } from './keys.ts';
import { openLevel, type LevelClient } from './level-client.ts';
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

/** A client with this secret key, whose bytes are wiped. It has one context of SEAL for each level that an input or an output has. Errors: FHE0702. */
export async function openClient(specification: Specification, key: SecretKey): Promise<ClientSession> {
  const library = await loadLibrary();
  const parameters = clientParameters(specification);
  const levels = new Map<number, LevelClient>();
  try {
    const secretBytes = checkSecretKey({ library, parameters }, key);
    for (const { level } of [...specification.inputs, ...specification.outputs])
      if (!levels.has(level)) levels.set(level, openLevel(library, parameters, level, secretBytes));
  } finally {
    key.bytes.fill(0);
  }
  const at = ({ level }: TensorSignature): LevelClient => {
    const client = levels.get(level);
    if (!client) throw new InternalError(`no client for level ${level}`);
    return client;
  };
  const slots = slotCount(parameters);

  return {
    specification,
    label: (role) => ({ specification: specificationFingerprint(specification), key: key.keyFingerprint, role }),
    encrypt: (inputs) => {
      const wanted = specification.inputs.length;
      if (inputs.length !== wanted) fail('FHE0903', `${inputs.length} inputs given, the model takes ${wanted}`);
      return specification.inputs.flatMap((signature, i) =>
        packTensor(signature, inputs[i], slots).map((vector) => at(signature).encrypt(vector, signature)),
      );
    },
    decrypt: (ciphertexts) => {
      const wanted = specification.outputs.reduce((n, s) => n + s.registers.length, 0);
      if (ciphertexts.length !== wanted)
        fail('FHE0702', `${ciphertexts.length} ciphertexts given, the results have ${wanted}`);
      let next = 0;
      return specification.outputs.map((signature) =>
        unpackTensor(
          signature,
          signature.registers.map(() => at(signature).decrypt(ciphertexts[next++], signature)),
        ),
      );
    },
    close: () => levels.forEach((level) => level.close()),
  };
}
