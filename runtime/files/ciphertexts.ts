import { z } from 'zod';
import { fail } from '../../ir/diagnostics.ts';
import { readContainer, writeContainer, type ByteSource } from '../../ir/program/container.ts';
import type { TensorSignature } from '../../ir/program/program.ts';
import { parseWith } from '../../ir/program/schema.ts';
import { vectorName } from '../../ir/names.ts';
import { guard, levelIdBytes, type CipherText, type Seal, uncompressed } from '../seal/library.ts';
import { newCipherText } from '../seal/pools.ts';
import { checkCiphertextBytes } from './seal-bytes.ts';

/** What a ciphertext file says of itself: the specification and the key pair it belongs to. */
export interface CiphertextLabel {
  readonly specification: string;
  readonly key: string;
  readonly role: 'input' | 'output';
}

const labelSchema = z.strictObject({
  specification: z.string().length(64),
  key: z.string().length(64),
  role: z.enum(['input', 'output']),
});

/** One serialized ciphertext for each vector of each tensor, in the order of the signatures. */
export function writeCiphertexts(
  label: CiphertextLabel,
  signatures: readonly TensorSignature[],
  ciphertexts: readonly Uint8Array[],
): Uint8Array[] {
  const names = signatures.flatMap((s) => s.registers.map((_, v) => vectorName(s.name, v)));
  return writeContainer(
    'ciphertexts',
    label,
    names.map((name, i) => ({ name, bytes: ciphertexts[i] })),
  );
}

/**
 * Reads ciphertexts for these signatures. Errors: FHE0705 for a secret key, FHE0701, FHE0702, FHE0704 when they belong to another
 * model or key pair, or are inputs where outputs are meant.
 */
export function readCiphertexts(
  source: ByteSource,
  expected: CiphertextLabel,
  signatures: readonly TensorSignature[],
): Uint8Array[] {
  const container = readContainer(source, 'ciphertexts', 'secret-key');
  if (container.kind === 'secret-key') fail('FHE0705', `${source.name} is a secret key`);
  const label = parseWith(labelSchema, container.body, 'ciphertexts');
  if (label.specification !== expected.specification) fail('FHE0704', `${source.name} was made for another model`);
  if (label.key !== expected.key) fail('FHE0704', `${source.name} was encrypted under another key`);
  if (label.role !== expected.role) fail('FHE0704', `${source.name} holds ${label.role}s, not ${expected.role}s`);
  return signatures.flatMap((s) => s.registers.map((_, v) => container.section(vectorName(s.name, v))));
}

/** Makes a SEAL ciphertext of the level and scale that the signature states; anything else is refused (FHE0702). */
export function loadCiphertext(
  seal: Seal,
  bytes: Uint8Array,
  signature: { readonly name: string; readonly level: number; readonly scale: number },
): CipherText {
  const { library, context, levelIds, parameters } = seal;
  const form = {
    levelId: levelIdBytes(levelIds[signature.level]),
    ringDegree: parameters.ringDegree,
    primes: parameters.primes.slice(0, signature.level + 1),
    scale: signature.scale,
  };
  checkCiphertextBytes(bytes, form, `ciphertext '${signature.name}'`);
  return guard(library, 'load ciphertext', () => {
    const cipher = newCipherText(seal);
    try {
      cipher.loadArray(context, bytes);
      return cipher;
    } catch (error) {
      cipher.delete();
      throw error;
    }
  });
}

export function saveCiphertext(seal: Seal, cipher: CipherText): Uint8Array {
  return guard(seal.library, 'save ciphertext', () => cipher.saveArray(uncompressed(seal.library)));
}
