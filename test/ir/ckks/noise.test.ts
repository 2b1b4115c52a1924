import { describe, expect, test } from 'vitest';
import { encodeNoise, freshNoise, keySwitchNoise, rescaleNoise } from '../../../ir/ckks/noise.ts';
import type { Parameters } from '../../../ir/ckks/parameters.ts';

/** Bits of a deviation at the scale 2^30. */
const bits = (deviation: number): number => Math.log2(deviation / 2 ** 30);
const ringDegree = 16384;

const parameters = (specialBits: number): Parameters => ({
  ringDegree,
  primes: [2n ** 48n, 2n ** 40n, 2n ** 40n],
  specialPrimes: [2n ** BigInt(specialBits)],
  scales: [2 ** 40, 2 ** 40, 2 ** 40],
  secure: true,
});

describe('noise at N = 2^14 and scale 2^30 is what SEAL 4.1 was measured to add', () => {
  test('fresh encryptions', () => {
    expect(bits(freshNoise(ringDegree))).toBeCloseTo(-21.8, 1);
  });
  test('rescales, and key switches under a large special prime', () => {
    expect(bits(rescaleNoise(ringDegree))).toBeCloseTo(-18.6, 1);
    expect(bits(keySwitchNoise(parameters(60), 2))).toBeCloseTo(-18.6, 1);
  });
  test('encodings, within one bit', () => {
    expect(Math.abs(bits(encodeNoise(ringDegree)) + 24.8)).toBeLessThan(1);
  });
});

describe('noise', () => {
  test('of a rounding in size 3 is that of the error times the square of the secret', () => {
    expect(rescaleNoise(ringDegree, 3) / rescaleNoise(ringDegree, 2)).toBeCloseTo(Math.sqrt((2 * ringDegree) / 3), 0);
  });

  test('of a key switch halves with each bit of a small special prime, and grows with the level', () => {
    const at = (bitsOfPrime: number, level: number): number => keySwitchNoise(parameters(bitsOfPrime), level);
    expect(at(38, 0) / at(39, 0)).toBeCloseTo(2, 3);
    expect(at(40, 2)).toBeGreaterThan(at(40, 1));
  });

  test('of a key switch with two special primes is that of digits of two primes; without any it is finite', () => {
    const two = { ...parameters(40), specialPrimes: [2n ** 40n, 2n ** 40n] };
    const small = keySwitchNoise(parameters(60), 2);
    // Digits of 88 and 40 bits over 80 bits of special primes: the first one counts.
    expect(keySwitchNoise(two, 2) / (2 ** 8 * 3.2 * ringDegree * Math.sqrt((1 / 6 + 1) / 2))).toBeCloseTo(1, 2);
    expect(keySwitchNoise(two, 2)).toBeGreaterThan(small);
    expect(keySwitchNoise({ ...two, specialPrimes: [] }, 2)).toBeGreaterThan(small);
  });

  test('of encoding one number for all slots does not grow with the ring', () => {
    expect(encodeNoise(1024, true)).toBe(encodeNoise(32768, true));
  });

  test('of the rounding of rescale agrees with a direct simulation', () => {
    // Coefficient of t0 + t1 * s with t uniform in [-1/2, 1/2] and s ternary, in a ring of 64.
    const n = 64;
    let state = 1;
    const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
    let squares = 0;
    const trials = 4000;
    for (let k = 0; k < trials; k++) {
      let sum = random() - 0.5;
      for (let i = 0; i < n; i++) sum += (random() - 0.5) * (Math.floor(random() * 3) - 1);
      squares += sum * sum;
    }
    const inSlot = Math.sqrt((squares / trials) * (n / 2));
    expect(inSlot / rescaleNoise(n)).toBeGreaterThan(0.95);
    expect(inSlot / rescaleNoise(n)).toBeLessThan(1.05);
  });
});
