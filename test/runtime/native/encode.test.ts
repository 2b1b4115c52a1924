import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NativeEngine } from '../../../runtime/native/library.ts';
import { hasEngine, openEngine, whyNoEngine } from './engines.ts';
import { openSealWords, type SealWords } from './seal-words.ts';

/** Primes of 40 to 60 bits that are 1 modulo 2^13. */
const primes = [1152921504606830593n, 1099511480321n, 1099511390209n, 1125899906826241n];
const specialPrime = 1152921504606748673n;
const ringDegree = 4096;
const slots = ringDegree / 2;

const toBig = (words: Uint8Array): BigUint64Array => new BigUint64Array(words.slice().buffer);

describe.skipIf(!hasEngine)(whyNoEngine || 'encoding', () => {
  let seal: SealWords;
  let engine: NativeEngine;

  beforeAll(async () => {
    seal = await openSealWords(ringDegree, primes, specialPrime);
    engine = openEngine(ringDegree, primes, [specialPrime], { threads: 2 });
  });
  afterAll(() => {
    seal?.close();
    engine?.close();
  });

  /** The coefficients modulo q_0, centred, of the words of a plaintext: the engine divides by nothing, so SEAL's inverse transform is enough. */
  const coefficients = (words: Uint8Array): bigint[] =>
    inverseTransform(toBig(words).subarray(0, ringDegree), primes[0]);

  const nativeWords = (vector: Float64Array, level: number, scale: number): Uint8Array => {
    const plain = engine.encode(vector, level, scale);
    try {
      return engine.plaintextWords(plain);
    } finally {
      engine.release(plain);
    }
  };

  const sealWords = (vector: Float64Array, scale: number): Uint8Array => {
    const encoder = seal.library.CKKSEncoder(seal.context);
    const plain = seal.library.PlainText();
    encoder.encode(vector, scale, plain);
    const words = seal.plainWordsOf(plain);
    plain.delete();
    encoder.delete();
    return words;
  };

  const level = primes.length - 1;

  test('no coefficient differs from SEAL by more than one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 10, max: 42 }),
        (numbers, bits) => {
          const vector = Float64Array.from({ length: slots }, (_, i) => numbers[i % numbers.length] * Math.cos(i));
          const mine = coefficients(nativeWords(vector, level, 2 ** bits));
          const seals = coefficients(sealWords(vector, 2 ** bits));
          mine.forEach((c, i) => expect(c - seals[i] >= -1n && c - seals[i] <= 1n, `coefficient ${i}`).toBe(true));
        },
      ),
      { numRuns: 12 },
    );
  });

  test('residues modulo every prime are those of one integer, also beyond 2^64', () => {
    const vector = Float64Array.from({ length: slots }, (_, i) => Math.sin(i) * 3);
    for (const bits of [20, 55, 62, 80, 120]) {
      const words = toBig(nativeWords(vector, level, 2 ** bits));
      const rows = primes.map((q, p) => inverseTransform(words.subarray(p * ringDegree, (p + 1) * ringDegree), q));
      const modulus = primes[0] * primes[1] * primes[2];
      for (let i = 0; i < ringDegree; i += 97) {
        // The integer from three primes, centred, must also be right modulo the fourth.
        let value = 0n;
        for (let p = 0; p < 3; p++) {
          const rest = modulus / primes[p];
          value += rows[p][i] * rest * inverse(rest % primes[p], primes[p]);
        }
        value = ((value % modulus) + modulus) % modulus;
        if (value > modulus / 2n) value -= modulus;
        expect((value - rows[3][i]) % primes[3]).toBe(0n);
        if (bits > 62) continue;
        const limit = 2 ** bits * 4;
        expect(Math.abs(Number(value))).toBeLessThan(limit);
      }
    }
  });

  test('one number is the constant polynomial, and equals the full vector of it', () => {
    for (const x of [0, 1, -0.75, 123.456]) {
      const scale = 2 ** 40;
      const words = nativeWords(Float64Array.of(x), level, scale);
      const c = coefficients(words);
      expect(c[0]).toBe(BigInt(Math.round(x * scale)));
      expect(c.slice(1).every((y) => y === 0n)).toBe(true);
      const full = coefficients(nativeWords(new Float64Array(slots).fill(x), level, scale));
      full.forEach((y, i) => expect(Math.abs(Number(y - c[i]))).toBeLessThanOrEqual(1));
    }
  });

  test('SEAL decodes complex slots to what was encoded', () => {
    const vector = Float64Array.from({ length: 2 * slots }, (_, i) => Math.sin(i * i) + (i < slots ? 0 : 0.25));
    const scale = 2 ** 40;
    const plain = engine.encode(vector, level, scale);
    const words = engine.plaintextWords(plain);
    engine.release(plain);
    const encoder = seal.library.CKKSEncoder(seal.context);
    const loaded = seal.plaintext(words, level, scale);
    const real = encoder.decode(loaded);
    // The wrapper decodes real parts only; those of -i x are the imaginary parts of x.
    for (let j = 0; j < slots; j++) expect(Math.abs(real[j] - vector[j])).toBeLessThan(2 ** -28);
    const turned = Float64Array.from(vector, (_, i) => (i < slots ? vector[slots + i] : -vector[i - slots]));
    const other = engine.encode(turned, level, scale);
    const otherLoaded = seal.plaintext(engine.plaintextWords(other), level, scale);
    engine.release(other);
    const imaginary = encoder.decode(otherLoaded);
    for (let j = 0; j < slots; j++) expect(Math.abs(imaginary[j] - vector[slots + j])).toBeLessThan(2 ** -28);
    for (const o of [loaded, otherLoaded, encoder]) o.delete();
  });

  test('what cannot be encoded is refused', () => {
    const wave = (x: number): Float64Array => new Float64Array(slots).fill(0.5).fill(x, 7, 8);
    for (const x of [NaN, Infinity, -Infinity, 1e300]) {
      expect(() => engine.encode(wave(x), level, 2 ** 40)).toThrow(expect.objectContaining({ code: 'FHE0803' }));
      expect(() => engine.encode(Float64Array.of(x), level, 2 ** 40)).toThrow(
        expect.objectContaining({ code: 'FHE0803' }),
      );
    }
    // Half the modulus of level 0 over the scale.
    expect(() => engine.encode(Float64Array.of(2 ** 30), 0, 2 ** 30)).toThrow(
      expect.objectContaining({ code: 'FHE0803' }),
    );
    for (const [vector, at, scale] of [
      [new Float64Array(0), level, 1],
      [new Float64Array(slots - 1), level, 1],
      [new Float64Array(slots), level + 1, 1],
      [new Float64Array(slots), level, 0],
      [new Float64Array(slots), level, NaN],
      [new Float64Array(slots), -1, 1],
      [new Float64Array(slots), 0.5, 1],
    ] as const)
      expect(() => engine.encode(vector, at, scale)).toThrow(expect.objectContaining({ code: 'FHE0801' }));
    expect(engine.objectCount()).toBe(0);
  });
});

const power = (base: bigint, exponent: bigint, q: bigint): bigint => {
  let result = 1n;
  for (let e = exponent, square = base % q; e > 0n; e >>= 1n, square = (square * square) % q)
    if (e & 1n) result = (result * square) % q;
  return result;
};

const inverse = (x: bigint, q: bigint): bigint => power(x, q - 2n, q);

/** Centred coefficients from words in SEAL's order, by the definition: word i is the value at the power 2 r + 1 of the smallest root, r being i with its bits reversed. */
function inverseTransform(words: BigUint64Array, q: bigint): bigint[] {
  const n = words.length;
  const bits = Math.log2(n);
  const root = smallestRoot(n, q);
  // Natural order of r, then a cyclic transform by repeated halving (decimation in time).
  const values = Array.from({ length: n }, (_, r) => {
    let reversed = 0;
    for (let b = 0; b < bits; b++) reversed |= ((r >> b) & 1) << (bits - 1 - b);
    return words[reversed];
  });
  const cyclic = (x: bigint[], w: bigint): bigint[] => {
    if (x.length === 1) return x;
    const square = (w * w) % q;
    const even = cyclic(
      x.filter((_, i) => i % 2 === 0),
      square,
    );
    const odd = cyclic(
      x.filter((_, i) => i % 2 === 1),
      square,
    );
    const out = new Array<bigint>(x.length);
    for (let k = 0, t = 1n; k < even.length; k++, t = (t * w) % q) {
      const o = (odd[k] * t) % q;
      out[k] = (even[k] + o) % q;
      out[k + even.length] = (even[k] + q - o) % q;
    }
    return out;
  };
  const back = inverse(root, q);
  const scaled = inverse(BigInt(n), q);
  let twist = scaled;
  return cyclic(values, (back * back) % q).map((x) => {
    const c = (x * twist) % q;
    twist = (twist * back) % q;
    return c > q / 2n ? c - q : c;
  });
}

function smallestRoot(n: number, q: bigint): bigint {
  const order = 2n * BigInt(n);
  for (let g = 2n; ; g++) {
    const root = power(g, (q - 1n) / order, q);
    if (power(root, order / 2n, q) !== q - 1n) continue;
    let smallest = root;
    const square = (root * root) % q;
    for (let i = 0, x = root; i < n; i++, x = (x * square) % q) if (x < smallest) smallest = x;
    return smallest;
  }
}
