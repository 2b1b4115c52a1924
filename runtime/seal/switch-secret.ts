import type { RelinKeys } from 'node-seal/implementation/relin-keys.js';
import type { Parameters } from '../../ir/ckks/parameters.ts';
import type { SecretName } from '../../ir/ckks/secret.ts';
import { fail } from '../../ir/diagnostics.ts';
import { createSeal, levelOf, type CipherText, type Evaluator, type Seal } from './library.ts';
import { loadWords, wordsOf } from './raw.ts';

/** The keys that switch between the dense and the ephemeral sparse secret. */
export interface SecretSwitchKeys {
  /** SEAL for the base prime and the special prime alone: the key to the sparse secret lives modulo these, and no larger. */
  readonly base: Seal;
  readonly get: (to: SecretName) => RelinKeys | undefined;
}

/** The parameters of level 0 alone. */
const baseParameters = (p: Parameters): Parameters => ({
  ...p,
  primes: p.primes.slice(0, 1),
  scales: p.scales.slice(0, 1),
});

/** The caller closes it. */
export const openBase = ({ library, parameters }: Seal): Seal => createSeal(library, baseParameters(parameters));

/**
 * Switches ciphertexts from one secret to another with SEAL's relinearization: c_0 + c_1 t under the secret t is the ciphertext (c_0, 0, c_1) of size
 * 3 for a relinearization key that holds t where it would hold the square of the new secret.
 */
export class SecretSwitch {
  readonly #seal: Seal;
  readonly #evaluator: Evaluator;
  readonly #keys: SecretSwitchKeys;
  #baseEvaluator: Evaluator | undefined;

  constructor(seal: Seal, evaluator: Evaluator, keys: SecretSwitchKeys) {
    this.#seal = seal;
    this.#evaluator = evaluator;
    this.#keys = keys;
  }

  /** `out` takes the result, also when SEAL complains afterwards that it hides nothing. Errors: FHE0706. */
  run(cipher: CipherText, to: SecretName, out: CipherText): void {
    const key = this.#keys.get(to) ?? fail('FHE0706', `the key that switches to the ${to} secret is missing`);
    const form = { level: levelOf(cipher), scale: cipher.scale, transformed: true };
    const pair = wordsOf(this.#seal, cipher);
    const half = pair.length / 2;
    const triple = new BigUint64Array(3 * half);
    triple.set(pair.subarray(0, half));
    triple.set(pair.subarray(half), 2 * half);
    const seal = to === 'sparse' ? this.#keys.base : this.#seal;
    const given = seal.library.CipherText();
    try {
      loadWords(seal, form, triple, given);
      if (to === 'dense') {
        this.#evaluator.relinearize(given, key, out);
        return;
      }
      this.#baseEvaluator ??= seal.library.Evaluator(seal.context);
      this.#baseEvaluator.relinearize(given, key, given);
      loadWords(this.#seal, form, wordsOf(seal, given), out);
    } finally {
      given.delete();
    }
  }
}
