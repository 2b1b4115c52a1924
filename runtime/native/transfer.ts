import type { Parameters } from '../../ir/ckks/parameters.ts';
import { fail } from '../../ir/diagnostics.ts';
import { readCiphertextPair, type RlweForm } from '../files/seal-bytes.ts';
import { ciphertextFromWords } from '../files/seal-words.ts';
import { guardNative, type Handle, type NativeEngine } from './library.ts';

const formAt = (engine: NativeEngine, parameters: Parameters, level: number, scale: number): RlweForm => ({
  levelId: engine.modulusId(level, 0),
  ringDegree: parameters.ringDegree,
  primes: parameters.primes.slice(0, level + 1),
  scale,
});

/** Takes a ciphertext of SEAL's of the level and scale that the signature states; anything else is refused (FHE0702). */
export function takeCiphertext(
  engine: NativeEngine,
  parameters: Parameters,
  bytes: Uint8Array,
  { name, level, scale }: { readonly name: string; readonly level: number; readonly scale: number },
): Handle {
  return guardNative('load ciphertext', () => {
    const what = `ciphertext '${name}'`;
    const { words, seed } = readCiphertextPair(bytes, formAt(engine, parameters, level, scale), what);
    if (!seed) return engine.importCiphertext(words, 2, level, scale);
    if (seed.generator !== 'blake2xb')
      fail('FHE0702', `${what}: its seed is for a generator that SEAL does not use here`);
    return engine.importSeededCiphertext(words, seed.bytes, level, scale);
  });
}

/** The ciphertext as SEAL writes it. */
export function giveCiphertext(engine: NativeEngine, parameters: Parameters, ciphertext: Handle): Uint8Array {
  return guardNative('save ciphertext', () => {
    const { parts, level, scale } = engine.describeCiphertext(ciphertext);
    return ciphertextFromWords(engine.ciphertextWords(ciphertext), parts, formAt(engine, parameters, level, scale));
  });
}
