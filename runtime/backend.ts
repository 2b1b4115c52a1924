import type { SecretName } from '../ir/ckks/secret.ts';

/**
 * The one interface of every back end: clear, simulator, SEAL, native. One method an instruction of a program, synchronous (long
 * work runs in a worker, see execute.ts). Operands are never changed; each result is a new handle, which the caller releases.
 * `Cipher` and `Plain` are the back end's own handles.
 */
export interface Backend<Cipher, Plain> {
  readonly name: string;
  /** Encodes a vector of `slots` numbers, of 2 * slots for complex slots (real parts, then imaginary parts), or of one number for every slot. */
  encode(vector: Float64Array, level: number, scale: number): Plain;
  add(a: Cipher, b: Cipher): Cipher;
  sub(a: Cipher, b: Cipher): Cipher;
  negate(a: Cipher): Cipher;
  mul(a: Cipher, b: Cipher): Cipher;
  addPlain(a: Cipher, p: Plain): Cipher;
  mulPlain(a: Cipher, p: Plain): Cipher;
  relinearize(a: Cipher): Cipher;
  rescale(a: Cipher): Cipher;
  /** Drops primes until `level`. */
  modSwitch(a: Cipher, level: number): Cipher;
  rotate(a: Cipher, steps: number): Cipher;
  conjugate(a: Cipher): Cipher;
  /** Product with the monomial X^(N/2), exact: i in the slots of even number, -i in the others. */
  mulI(a: Cipher): Cipher;
  /** From level 0 to `level`: the coefficients modulo the base prime, centred, lifted to all primes. */
  modRaise(a: Cipher, level: number): Cipher;
  /** To the ephemeral sparse secret at level 0, or back to the dense one at the top level. */
  switchKey(a: Cipher, to: SecretName): Cipher;
  releaseCipher(a: Cipher): void;
  releasePlain(p: Plain): void;
}
