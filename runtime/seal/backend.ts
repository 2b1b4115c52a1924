import type { GaloisKeys } from 'node-seal/implementation/galois-keys.js';
import type { MemoryPoolHandle } from 'node-seal/implementation/memory-pool-handle.js';
import type { RelinKeys } from 'node-seal/implementation/relin-keys.js';
import { fail } from '../../ir/diagnostics.ts';
import type { Backend } from '../backend.ts';
import { Polynomials } from './polynomials.ts';
import { SecretSwitch, type SecretSwitchKeys } from './switch-secret.ts';
import { encodeAt, guard, levelOf, type CipherText, type PlainText, type Seal } from './library.ts';
import { newCipherText, newProduct, withPool } from './pools.ts';

/** The evaluation keys as SEAL objects; one object a rotation step, so that a worker loads only the steps that it uses. */
export interface SealKeys {
  readonly relinearization: RelinKeys | undefined;
  readonly galois: { readonly get: (steps: number) => GaloisKeys | undefined };
  readonly conjugation?: GaloisKeys | undefined;
  readonly secrets?: SecretSwitchKeys | undefined;
}

/** The SEAL back end. Sees ciphertexts, plaintexts and evaluation keys, never a secret. */
export function sealBackend(seal: Seal, keys: SealKeys): Backend<CipherText, PlainText> {
  const { library, context, parameters } = seal;
  const evaluator = library.Evaluator(context);
  const polynomials = new Polynomials(seal, evaluator);
  let secretSwitch: SecretSwitch | undefined;

  /** Runs an operation; `pool` is for what it needs on the way. */
  const made = (
    action: string,
    call: (out: CipherText, pool: MemoryPoolHandle) => void,
    make = (): CipherText => newCipherText(seal),
  ): CipherText =>
    guard(library, action, () => {
      const out = make();
      try {
        withPool(seal, (pool) => call(out, pool));
      } catch (error) {
        // SEAL computes the result first and then complains when it hides nothing, as (x + 1) - x or a product with zero: what it
        // holds is public, since it depends on the program alone, and it is right.
        if (!(error instanceof Error && error.message.endsWith('result ciphertext is transparent'))) {
          out.delete();
          throw error;
        }
      }
      return out;
    });

  /**
   * A sum of operands whose scales are equal up to rounding of doubles: SEAL compares them more strictly. The second operand takes the
   * scale of the first for the call and has its own back afterwards.
   */
  const sum = <B extends CipherText | PlainText>(
    action: string,
    a: CipherText,
    b: B,
    call: (out: CipherText, pool: MemoryPoolHandle) => void,
  ): CipherText => {
    const scale = b.scale;
    if (scale === a.scale) return made(action, call);
    b.setScale(a.scale);
    try {
      return made(action, call);
    } finally {
      b.setScale(scale);
    }
  };

  /** One prime after the other: dropping several at once would keep their memory. */
  const dropTo = (a: CipherText, level: number): CipherText => {
    const next = made('mod_switch', (out, pool) => evaluator.cipherModSwitchToNext(a, out, pool));
    if (levelOf(next) <= level) return next;
    try {
      return dropTo(next, level);
    } finally {
      next.delete();
    }
  };

  return {
    name: 'seal',
    encode: (vector, level, scale) =>
      vector.length === parameters.ringDegree
        ? polynomials.encodeComplex(vector, level, scale)
        : encodeAt(seal, evaluator, vector, level, scale),
    add: (a, b) => sum('add', a, b, (out) => evaluator.add(a, b, out)),
    sub: (a, b) => sum('sub', a, b, (out) => evaluator.sub(a, b, out)),
    negate: (a) => made('negate', (out) => evaluator.negate(a, out)),
    mul: (a, b) =>
      made(
        'multiply',
        (out, pool) => (a === b ? evaluator.square(a, out, pool) : evaluator.multiply(a, b, out, pool)),
        () => newProduct(seal, levelOf(a)),
      ),
    addPlain: (a, p) => sum('add_plain', a, p, (out, pool) => evaluator.addPlain(a, p, out, pool)),
    mulPlain: (a, p) => made('multiply_plain', (out, pool) => evaluator.multiplyPlain(a, p, out, pool)),
    relinearize: (a) =>
      made('relinearize', (out, pool) => {
        const key = keys.relinearization ?? fail('FHE0706', 'the relinearization key is missing');
        evaluator.relinearize(a, key, out, pool);
      }),
    rescale: (a) =>
      made('rescale', (out, pool) => {
        const level = levelOf(a);
        evaluator.rescaleToNext(a, out, pool);
        out.setScale(a.scale / Number(parameters.primes[level]));
      }),
    modSwitch: (a, level) => dropTo(a, level),
    rotate: (a, steps) =>
      made('rotate', (out, pool) => {
        const key = keys.galois.get(steps) ?? fail('FHE0706', `the Galois key for ${steps} steps is missing`);
        evaluator.rotateVector(a, steps, key, out, pool);
      }),
    conjugate: (a) =>
      made('conjugate', (out, pool) => {
        const key = keys.conjugation ?? fail('FHE0706', 'the Galois key for the conjugation is missing');
        evaluator.complexConjugate(a, key, out, pool);
      }),
    mulI: (a) => made('mul_i', (out, pool) => evaluator.multiplyPlain(a, polynomials.monomial(levelOf(a)), out, pool)),
    modRaise: (a, level) => made('mod_raise', (out) => polynomials.raise(a, level, out)),
    switchKey: (a, to) =>
      made('switch_key', (out) => {
        const { secrets } = keys;
        if (!secrets) return fail('FHE0706', 'the keys of the sparse secret are missing');
        secretSwitch ??= new SecretSwitch(seal, evaluator, secrets);
        secretSwitch.run(a, to, out);
      }),
    releaseCipher: (a) => a.delete(),
    releasePlain: (p) => p.delete(),
  };
}
