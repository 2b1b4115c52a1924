import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Parameters } from '../../../ir/ckks/parameters.ts';
import { primeBelow } from '../../../passes/schedule/primes.ts';
import { galoisIndex } from '../../../runtime/files/seal-bytes.ts';
import { loadedKeyBytes, storedKeyBytes } from '../../../ir/ckks/key-bytes.ts';
import {
  guardNative,
  type Handle,
  type KeyDescription,
  type NativeEngine,
  type NativeKeyMaker,
} from '../../../runtime/native/library.ts';
import { giveCiphertext, takeCiphertext } from '../../../runtime/native/transfer.ts';
import { uncompressed, type CipherText } from '../../../runtime/seal/library.ts';
import { plainWords } from '../../../runtime/seal/raw.ts';
import { errorOf } from '../../support/error-code.ts';
import { openSealBench, type SealBench } from '../on-seal.ts';
import { hasEngine, openEngine, whyNoEngine } from './engines.ts';

const ringDegree = 1024;
const slots = ringDegree / 2;
const scale = 2 ** 32;
const topLevel = 6;

/** SEAL knows the lower half of the chain and one special prime: all that a client of a deep program needs. */
const clientLevel = 3;

const primesOf = (bits: readonly number[]): bigint[] => {
  const taken = new Set<bigint>();
  for (const b of bits) taken.add(primeBelow(2n ** BigInt(b), BigInt(2 * ringDegree), taken) ?? 0n);
  return [...taken];
};

const widths = [50, 36, 36, 40, 36, 40, 36];
const specialWidths = [50, 50, 51, 60];
const all = primesOf([...widths, ...specialWidths]);
const primes = all.slice(0, topLevel + 1);
const specialPrimes = all.slice(topLevel + 1);

const parametersOf = (level: number, special: number): Parameters => ({
  ringDegree,
  primes: primes.slice(0, level + 1),
  specialPrimes: specialPrimes.slice(0, special),
  scales: primes.slice(0, level + 1).map(() => scale),
  secure: false,
});

/**
 * Six standard deviations of what one key switch adds to all slots together: no digit is larger than the special primes, about. Slots alone are no
 * measure, since digits of one prime are not centred and put most of their noise into the first slots.
 */
const keySwitchBound = (level: number): number => {
  const variance = ((level + 1) * ringDegree * 3.2 ** 2) / 3 + (1 + ringDegree) / 12;
  return (6 * Math.sqrt((variance * ringDegree) / 2)) / scale;
};

const deviation = (a: Float64Array, b: Float64Array): number =>
  Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0) / a.length);

const vector = (seed: number): Float64Array =>
  Float64Array.from({ length: slots }, (_, i) => Math.sin(seed + (1 + (seed % 7)) * i));

describe.skipIf(!hasEngine)(whyNoEngine || 'keys of the key maker', () => {
  let bench: SealBench;
  let secret: BigUint64Array;
  const opened: { engine: NativeEngine; maker: NativeKeyMaker }[] = [];

  const open = (special: number): { engine: NativeEngine; maker: NativeKeyMaker } => {
    const engine = openEngine(ringDegree, primes, specialPrimes.slice(0, special), { threads: 2 });
    const made = { engine, maker: engine.keyMaker(secret) };
    opened.push(made);
    return made;
  };

  beforeAll(async () => {
    const client = parametersOf(clientLevel, 1);
    bench = await openSealBench(client, []);
    const { library } = bench.seal;
    secret = plainWords(bench.secretKey.saveArray(uncompressed(library))).slice(0, ringDegree);
  });
  afterAll(() => opened.forEach(({ engine }) => engine.close()));

  /** What `operation` makes of a ciphertext of SEAL's, decrypted by SEAL. */
  const through = (
    engine: NativeEngine,
    cipher: CipherText,
    level: number,
    operation: (a: Handle) => Handle,
  ): Float64Array => {
    const { library, context } = bench.seal;
    const parameters = parametersOf(topLevel, 1);
    const bytes = cipher.saveArray(uncompressed(library));
    const a = takeCiphertext(engine, parameters, bytes, { name: 'x', level, scale: cipher.scale });
    const b = operation(a);
    const back = library.CipherText();
    back.loadArray(context, giveCiphertext(engine, parameters, b));
    const values = bench.decrypt(back);
    back.delete();
    for (const handle of [a, b]) engine.release(handle);
    return values;
  };

  const cases = fc.record({
    special: fc.integer({ min: 1, max: specialPrimes.length }),
    level: fc.integer({ min: 0, max: clientLevel }),
    above: fc.integer({ min: 0, max: topLevel }),
    steps: fc.integer({ min: 1, max: slots - 1 }),
    seed: fc.nat(1000),
  });

  test('rotate, conjugate, relinearize and switch the secret of ciphertexts of SEAL with the noise of a key switch', () => {
    fc.assert(
      fc.property(cases, ({ special, level, above, steps, seed }) => {
        const { engine, maker } = open(special);
        const keyLevel = Math.min(topLevel, level + above);
        const cipher = bench.encrypt(vector(seed), level, scale);
        const values = bench.decrypt(cipher);
        const bound = keySwitchBound(level);
        const withKey = (bytes: Uint8Array, call: (key: Handle) => void): void => {
          const key = engine.importSeededKey(bytes);
          call(key);
          engine.release(key);
        };
        try {
          withKey(maker.galois(2 * galoisIndex(steps, ringDegree) + 1, keyLevel), (key) => {
            const rotated = through(engine, cipher, level, (a) => engine.rotate(a, key));
            const expected = values.map((_, i) => values[(i + steps) % slots]);
            expect(deviation(rotated, expected)).toBeLessThan(bound);
          });
          // Real slots: the conjugation leaves them.
          withKey(maker.galois(2 * ringDegree - 1, keyLevel), (key) => {
            const conjugated = through(engine, cipher, level, (a) => engine.rotate(a, key));
            expect(deviation(conjugated, values)).toBeLessThan(bound);
          });
          // A small scale, so that the noise of one key switch can be told from the rounding of doubles.
          const tiny = bench.encrypt(vector(seed), level, 4);
          withKey(maker.relinearization(keyLevel), (key) => {
            const product = through(engine, tiny, level, (a) => engine.multiply(a, a));
            const relinearized = through(engine, tiny, level, (a) => {
              const three = engine.multiply(a, a);
              const two = engine.relinearize(three, key);
              engine.release(three);
              return two;
            });
            expect(deviation(relinearized, product)).toBeLessThan((bound * scale) / tiny.scale ** 2);
          });
          tiny.delete();
          const low = bench.encrypt(vector(seed), 0, scale);
          const pair = maker.sparsePair(32, keyLevel);
          withKey(pair.toSparse, (down) =>
            withKey(pair.toDense, (up) => {
              const before = bench.decrypt(low);
              const after = through(engine, low, 0, (a) => {
                const sparse = engine.switchSecret(a, down);
                const dense = engine.switchSecret(sparse, up);
                engine.release(sparse);
                return dense;
              });
              expect(deviation(after, before)).toBeLessThan(2 * bound);
            }),
          );
          low.delete();
          expect(engine.objectCount()).toBe(0);
        } finally {
          cipher.delete();
          maker.release();
        }
      }),
      { numRuns: 12 },
    );
  });

  test('differ every time, and are made of ternary secrets only', () => {
    const { engine, maker } = open(2);
    expect(Buffer.compare(maker.galois(3, 2), maker.galois(3, 2))).not.toBe(0);
    const zero = new Int8Array(ringDegree);
    engine.keyMaker(zero).release();
    for (const secretOf of [
      zero.slice(1),
      zero.with(7, 2),
      zero.with(0, -128),
      secret.with(3, (secret[3] + 1n) % primes[0]),
      secret.with(3, primes[0]),
      secret.slice(1),
    ])
      expect(errorOf(() => guardNative('test', () => engine.keyMaker(secretOf)))).toContain('FHE0702');
  });

  test('are refused where they cannot be: after a release, after the end of the engine, for levels and elements that are none', () => {
    const { engine, maker } = open(2);
    const refused = (call: () => unknown): void =>
      expect(errorOf(() => guardNative('test', call))).toContain('FHE0801');
    refused(() => maker.relinearization(topLevel + 1));
    refused(() => maker.galois(2, 1));
    refused(() => maker.galois(2 * ringDegree + 1, 1));
    refused(() => maker.sparsePair(ringDegree + 1, 1));
    maker.release();
    maker.release();
    refused(() => maker.relinearization(1));
    const other = engine.keyMaker(secret);
    engine.close();
    refused(() => other.relinearization(1));
    refused(() => engine.keyMaker(secret));
  });

  test('have the bytes that are planned for them, in a file and in the engine, and are what was asked for', () => {
    for (const special of [1, 2, 3]) {
      const { engine, maker } = open(special);
      const parameters = parametersOf(topLevel, special);
      const check = (bytes: Uint8Array, expected: KeyDescription): void => {
        const before = engine.bytesInUse();
        const key = engine.importSeededKey(bytes);
        expect(engine.describeKey(key)).toEqual(expected);
        expect(bytes.length).toBe(storedKeyBytes(parameters, expected));
        // With one special prime it is a key of SEAL's that is counted, of as many digits as primes.
        if (special > 1) expect(engine.bytesInUse() - before).toBe(loadedKeyBytes(parameters, expected));
        engine.release(key);
      };
      for (const level of [0, 2, topLevel])
        check(maker.galois(9, level), { level, specialPrimes: special, element: 9 });
      const { toSparse, toDense } = maker.sparsePair(16, 4);
      check(toSparse, { level: 0, specialPrimes: 1, element: 1 });
      check(toDense, { level: 4, specialPrimes: special, element: 1 });
    }
  });
});
