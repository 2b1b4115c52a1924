import { describe, expect, it } from 'vitest';
import { maxModulusBits, modulusBits, topLevel } from '../../../../ir/ckks/parameters.ts';
import { makeChain } from '../../../../passes/kernels/bootstrap/chain.ts';
import { chooseBootstrap, type BootstrapGoal } from '../../../../passes/kernels/bootstrap/choose.ts';
import { bootstrapDefaults } from '../../../../passes/kernels/bootstrap/plan.ts';

const goal: BootstrapGoal = {
  ...bootstrapDefaults,
  ringDegree: 32768,
  slots: 16384,
  scaleBits: 36,
  precisionBits: 15,
  mostUserLevels: 30,
};

describe('chooseBootstrap', () => {
  it.each([
    ['N = 2^15 at a failure probability of 2^-128', {}, 6, 17.5],
    ['N = 2^15 with a shorter sine at 2^-60', { failureBits: 60, levelWorth: 12, sineBits: 19 }, 7, 18],
    ['N = 2^15 with a scale of 40 bits', { scaleBits: 40 }, 5, 17],
    [
      'N = 2^16',
      {
        ringDegree: 65536,
        slots: 32768,
        scaleBits: 40,
        precisionBits: 17,
        slotsToCoeffs: 3,
        coeffsToSlots: 3,
        specialPrimes: 5,
      },
      21,
      17.5,
    ],
  ] as const)('fits 128-bit security: %s', (_, changes, userLevels, bits) => {
    const asked = { ...goal, ...changes };
    const chosen = chooseBootstrap(asked);
    if (!chosen) throw new Error('nothing fits');
    const { plan, parameters, precision } = chosen;
    expect(plan.levels.output - plan.levels.input).toBe(userLevels);
    expect(plan.levels.top).toBe(topLevel(parameters));
    expect(precision.mean).toBeGreaterThan(bits);
    expect(parameters.secure).toBe(true);
    expect(modulusBits(parameters)).toBeLessThanOrEqual(maxModulusBits.get(asked.ringDegree) ?? 0);
    for (const q of [...parameters.primes, ...parameters.specialPrimes]) {
      expect(q).toBeLessThan(2n ** 50n);
      expect(q % BigInt(2 * asked.ringDegree)).toBe(1n);
    }
  });

  it('finds nothing where not one user level fits', () => {
    expect(chooseBootstrap({ ...goal, ringDegree: 16384, slots: 8192 })).toBeUndefined();
  });
});

describe('makeChain', () => {
  it('leads canonical scales from the primes of EvalMod down to the scale of the user', () => {
    const highBits = [44, 44.5, 45, 46, 45];
    const parameters = makeChain({
      ringDegree: 4096,
      scaleBits: 35.5,
      ratioBits: 9,
      lowLevels: 4,
      highBits,
      specialPrimes: 2,
      specialBits: 49,
    });
    if (!parameters) throw new Error('no primes');
    const { primes, scales } = parameters;
    primes.slice(1).forEach((q, l) => expect(scales[l]).toBe(scales[l + 1] ** 2 / Number(q)));
    for (let l = 0; l <= 4; l++) expect(Math.log2(scales[l])).toBeCloseTo(35.5, 4);
    highBits.forEach((bits, i) => expect(Math.log2(Number(primes[5 + i]))).toBeCloseTo(bits, 4));
    expect(Number(primes[0]) / scales[0]).toBeLessThanOrEqual(2 ** 9);
    expect(Number(primes[0]) / scales[0]).toBeGreaterThan(2 ** 9 * (1 - 2 ** -20));
  });
});
