import { makeEmbedding, type Embedding } from '../../ir/ckks/embedding.ts';
import { fail } from '../../ir/diagnostics.ts';
import { largestModulus, largestValue } from '../../ir/ckks/largest-value.ts';
import { guard, type CipherText, type Evaluator, type PlainText, type Seal } from './library.ts';
import { loadWords, plainOf, residues, wordsOf } from './raw.ts';

/**
 * Plaintexts and ciphertexts made from integer coefficients, which SEAL's encoder cannot make: complex slots, the monomial X^(N/2), raised
 * ciphertexts. SEAL itself does the transforms, on ciphertexts. Slow, meant for rings of a few thousand coefficients.
 */
export class Polynomials {
  readonly #seal: Seal;
  readonly #evaluator: Evaluator;
  readonly #monomials = new Map<number, PlainText>();
  #embedding: Embedding | undefined;

  constructor(seal: Seal, evaluator: Evaluator) {
    this.#seal = seal;
    this.#evaluator = evaluator;
  }

  /**
   * Encodes `slots` real parts and `slots` imaginary parts. The caller deletes the plaintext. Errors: FHE0803 for a number that is not finite or
   * too large for the modulus.
   */
  encodeComplex(vector: Float64Array, level: number, scale: number): PlainText {
    const { parameters } = this.#seal;
    const { ringDegree } = parameters;
    const [real, imaginary] = [vector.subarray(0, ringDegree / 2), vector.subarray(ringDegree / 2)];
    const largest = largestModulus(real, imaginary);
    if (!(largest < largestValue(parameters, level, scale)))
      fail('FHE0803', `a number of magnitude ${largest} cannot be encoded at level ${level} and scale ${scale}`);
    this.#embedding ??= makeEmbedding(ringDegree);
    const coefficients = this.#embedding.toCoefficients({ real, imaginary });
    const integers = Array.from(coefficients, (c) => BigInt(Math.round(c * scale)));
    return this.#plain(integers, level, scale);
  }

  /** X^(N/2) at this level, with the scale 1. Kept: the caller does not delete it. */
  monomial(level: number): PlainText {
    const { ringDegree } = this.#seal.parameters;
    const known = this.#monomials.get(level);
    if (known) return known;
    const coefficients = Array.from({ length: ringDegree }, (_, k) => (k === ringDegree / 2 ? 1n : 0n));
    const plain = this.#plain(coefficients, level, 1);
    this.#monomials.set(level, plain);
    return plain;
  }

  /**
   * The ciphertext at level 0 with its coefficients modulo the base prime, centred, lifted to all primes of `level`. `out` takes the result, also
   * when SEAL complains afterwards that it hides nothing.
   */
  raise(cipher: CipherText, level: number, out: CipherText): void {
    const { library, parameters } = this.#seal;
    const [base] = parameters.primes;
    const coefficients = library.CipherText();
    try {
      this.#evaluator.cipherTransformFromNtt(cipher, coefficients);
      const centred = Array.from(wordsOf(this.#seal, coefficients), (w) => (2n * w > base ? w - base : w));
      const { ringDegree, primes } = parameters;
      const polynomials = [centred.slice(0, ringDegree), centred.slice(ringDegree)];
      const raised = polynomials.map((p) => residues(p, primes.slice(0, level + 1)));
      const words = new BigUint64Array(2 * raised[0].length);
      raised.forEach((part, i) => words.set(part, i * part.length));
      this.#transform(words, level, cipher.scale, out);
    } finally {
      coefficients.delete();
    }
  }

  /** The values of a polynomial at the roots, modulo each prime of the level. */
  values(coefficients: readonly bigint[], level: number): BigUint64Array {
    const seal = this.#seal;
    const { ringDegree, primes } = seal.parameters;
    return guard(seal.library, 'transform', () => {
      const words = residues(coefficients, primes.slice(0, level + 1));
      // The second polynomial is X: SEAL refuses ciphertexts whose second polynomial is zero.
      const pair = new BigUint64Array(2 * words.length);
      pair.set(words);
      for (let at = words.length + 1; at < pair.length; at += ringDegree) pair[at] = 1n;
      const transformed = seal.library.CipherText();
      try {
        this.#transform(pair, level, 1, transformed);
        return wordsOf(seal, transformed).slice(0, words.length);
      } finally {
        transformed.delete();
      }
    });
  }

  #plain(coefficients: readonly bigint[], level: number, scale: number): PlainText {
    const words = this.values(coefficients, level);
    return guard(this.#seal.library, 'encode', () => plainOf(this.#seal, level, scale, words));
  }

  /** Coefficients -> values at the roots, in place of what `out` held. */
  #transform(words: BigUint64Array, level: number, scale: number, out: CipherText): void {
    const given = this.#seal.library.CipherText();
    try {
      loadWords(this.#seal, { level, scale, transformed: false }, words, given);
      this.#evaluator.cipherTransformToNtt(given, out);
    } finally {
      given.delete();
    }
  }
}
