import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSecure, maxModulusBits, modulusBits } from '../../../ir/ckks/parameters.ts';
import { isPrime, primeBelow, primeNearest } from '../../../passes/schedule/primes.ts';
import {
  makeParameters,
  maxScaleBits,
  scaleBitsFloor,
  smallestRingDegree,
} from '../../../passes/schedule/parameters.ts';
import { scheduleSlots } from '../../../passes/schedule/schedule.ts';
import { SlotsWriter } from './slots-modules.ts';

describe('primes', () => {
  test('agree with trial division', () => {
    const byDivision = (n: number): boolean => {
      for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
      return n > 1;
    };
    fc.assert(fc.property(fc.integer({ min: 0, max: 1_000_000 }), (n) => isPrime(BigInt(n)) === byDivision(n)));
  });

  test('strong pseudoprimes and large primes are told apart', () => {
    // Strong pseudoprimes to the bases 2, 3, 5, 7 and to the first nine primes.
    expect([3215031751n, 3825123056546413051n, 2n ** 61n + 1n].map(isPrime)).toEqual([false, false, false]);
    expect([2n ** 61n - 1n, 18446744073709551557n, 1152921504606846577n].map(isPrime)).toEqual([true, true, true]);
  });

  test('the nearest and the largest are found, and taken ones skipped', () => {
    expect(primeBelow(100n, 8n, new Set())).toBe(97n);
    expect(primeBelow(100n, 8n, new Set([97n]))).toBe(89n);
    expect(primeNearest(80n, 8n, new Set())).toBe(73n);
    expect(primeNearest(80n, 8n, new Set([73n]))).toBe(89n);
    expect(primeBelow(10n, 16n, new Set())).toBeUndefined();
  });
});

describe('makeParameters', () => {
  const requests = [12, 13, 14, 15].flatMap((log) =>
    [1, 2, 4, 8, 12, 18].flatMap((depth) => {
      const scaleBits = maxScaleBits(2 ** log, depth);
      return scaleBits < 28 ? [] : [{ ringDegree: 2 ** log, depth, scaleBits, headroomBits: 8 }];
    }),
  );

  test.each(requests)('$ringDegree slots, depth $depth: secure, distinct primes, no drift', (request) => {
    const parameters = makeParameters(request);
    if (!parameters) throw new Error('no parameters');
    const { ringDegree, primes, specialPrimes, scales, secure } = parameters;
    const all = [...primes, ...specialPrimes];
    expect(secure && isSecure(parameters)).toBe(true);
    expect(modulusBits(parameters)).toBeLessThanOrEqual((maxModulusBits.get(ringDegree) ?? 0) + 1e-9);
    expect(new Set(all).size).toBe(request.depth + 2);
    for (const q of all) expect(isPrime(q) && q % BigInt(2 * ringDegree) === 1n && q < 2n ** 50n).toBe(true);
    // The gap between usable primes is about 2N * ln(2^scaleBits): small beside scales of 30 bits and more.
    const allowed = request.scaleBits >= 32 ? 2 ** -10 : 2 ** -7;
    for (const scale of scales) expect(Math.abs(scale / 2 ** request.scaleBits - 1)).toBeLessThan(allowed);
    for (let l = 1; l < scales.length; l++) expect(scales[l - 1]).toBe(scales[l] ** 2 / Number(primes[l]));
    expect(Number(specialPrimes[0])).toBeGreaterThan(Number(primes[0]));
    expect(Number(specialPrimes[0]) / Number(primes[1])).toBeGreaterThan(2 ** 9);
    expect(Math.log2(Number(primes[0])) - request.scaleBits).toBeCloseTo(8, 1);
  });

  test('budgets leave these scales', () => {
    expect([0, 1, 2, 3, 4].map((depth) => maxScaleBits(8192, depth))).toEqual([40, 40, 40, 40, 33]);
    expect([6, 8, 10, 13].map((depth) => maxScaleBits(16384, depth))).toEqual([40, 40, 35, 28]);
    expect(maxScaleBits(32768, 17)).toBe(40);
    expect(smallestRingDegree(8, 40)).toBe(16384);
    expect(smallestRingDegree(100, 40)).toBeUndefined();
  });
});

describe('the schedule refuses', () => {
  const power = (log: number) => {
    const w = new SlotsWriter(2048);
    let x = w.param('x/0');
    for (let i = 0; i < log; i++) x = w.mul(x, x);
    return w.module(x);
  };

  test('networks that are too deep for the ring, with the numbers', () => {
    expect(maxScaleBits(4096, 3)).toBeLessThan(scaleBitsFloor);
    expect(() => scheduleSlots(power(3))).toThrow(/FHE0602: the network needs 3 levels; N = 4096 leaves 18 bits/);
  });

  test('results too noisy for the precision asked for', () => {
    expect(() => scheduleSlots(power(1), { precisionBits: 30 })).toThrow('FHE0603');
    expect(scheduleSlots(power(1), { precisionBits: 10 }).parameters?.secure).toBe(true);
  });
});
