import type { SecretName } from '../../ir/ckks/secret.ts';
import type { Backend } from '../backend.ts';
import type { Automorphism } from './fused-steps.ts';
import { guardNative, type Handle, type NativeEngine } from './library.ts';

/** The evaluation keys of a program as objects of the engine. Each getter throws FHE0706 for a key that is not there. */
export interface NativeKeys {
  readonly relinearization: () => Handle;
  readonly rotation: (steps: number) => Handle;
  readonly conjugation: () => Handle;
  /** Those of several rotations and conjugations; all are valid until the next call. */
  readonly automorphisms: (instructions: readonly Automorphism[]) => readonly Handle[];
  readonly secret: (to: SecretName) => Handle;
}

/** The native back end. Sees ciphertexts, plaintexts and evaluation keys, never a secret. Handles belong to the engine. */
export function nativeBackend(engine: NativeEngine, keys: NativeKeys): Backend<Handle, Handle> {
  const release = (object: Handle): void => guardNative('release', () => engine.release(object));
  return {
    name: 'native',
    encode: (vector, level, scale) => guardNative('encode', () => engine.encode(vector, level, scale)),
    add: (a, b) => guardNative('add', () => engine.add(a, b)),
    sub: (a, b) => guardNative('sub', () => engine.subtract(a, b)),
    negate: (a) => guardNative('negate', () => engine.negate(a)),
    mul: (a, b) => guardNative('mul', () => engine.multiply(a, b)),
    addPlain: (a, p) => guardNative('add_plain', () => engine.addPlain(a, p)),
    mulPlain: (a, p) => guardNative('mul_plain', () => engine.multiplyPlain(a, p)),
    relinearize: (a) => guardNative('relinearize', () => engine.relinearize(a, keys.relinearization())),
    rescale: (a) => guardNative('rescale', () => engine.rescale(a)),
    modSwitch: (a, level) => guardNative('mod_switch', () => engine.modDrop(a, level)),
    rotate: (a, steps) => guardNative('rotate', () => engine.rotate(a, keys.rotation(steps))),
    conjugate: (a) => guardNative('conjugate', () => engine.rotate(a, keys.conjugation())),
    mulI: (a) => guardNative('mul_i', () => engine.multiplyByI(a)),
    modRaise: (a, level) => guardNative('mod_raise', () => engine.modRaise(a, level)),
    switchKey: (a, to) => guardNative('switch_key', () => engine.switchSecret(a, keys.secret(to))),
    releaseCipher: release,
    releasePlain: release,
  };
}
