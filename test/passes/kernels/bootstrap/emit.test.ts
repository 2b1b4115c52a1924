import { describe, expect, it } from 'vitest';
import { imaginaryPart, realPart } from '../../../../ir/complex.ts';
import { ckksSpec } from '../../../../ir/spec.ts';
import { verifyModule } from '../../../../ir/verify.ts';
import { bootstrapModule } from '../../../../passes/kernels/bootstrap/module.ts';
import { bootstrapDefaults, planBootstrap, type BootstrapRequest } from '../../../../passes/kernels/bootstrap/plan.ts';
import { checkModule } from '../../../../passes/check/check-module.ts';
import { makeRandom } from '../../../../ir/ckks/simulator/random.ts';
import { bitReverse } from './embedding.ts';
import { evaluateWithOverflow } from './evaluate.ts';

const request: BootstrapRequest = {
  ...bootstrapDefaults,
  ringDegree: 1024,
  slots: 512,
  scaleBits: 38,
  userLevels: 2,
  highBits: 48,
  specialBits: 50,
};

/** A sum of h + 1 uniform numbers, rounded: what the overflow is under a secret of weight h. */
function overflows(seed: number, weight: number): () => number {
  const random = makeRandom(seed);
  return () => {
    let sum = 0;
    for (let i = 0; i <= weight; i++) sum += random() / 2 ** 32 - 0.5;
    return Math.round(sum);
  };
}

function run(changes: Partial<BootstrapRequest>, repeats = 1) {
  const asked = { ...request, ...changes };
  const { plan, parameters } = planBootstrap(asked);
  const module = bootstrapModule(plan, parameters, repeats);
  checkModule(module, { insecureForTests: true });
  expect(verifyModule(module, ckksSpec)).toEqual([]);
  const random = makeRandom(7);
  const numbers = Float64Array.from({ length: plan.slots }, () => asked.messageBound * (random() / 2 ** 31 - 1));
  const input = Float64Array.from({ length: asked.ringDegree / 2 }, (_, j) => numbers[j % plan.slots]);
  const { output, raises } = evaluateWithOverflow(module, input, overflows(11, asked.sparseWeight ?? 683));
  const error = realPart(output).map((y, j) => Math.abs(y - input[j]));
  const worst = -Math.log2(error.reduce((m, e) => Math.max(m, e), 0));
  const imaginary = imaginaryPart(output).reduce((m, e) => Math.max(m, Math.abs(e)), 0);
  return { plan, parameters, module, input, raises, worst, imaginary };
}

describe('emitBootstrap on exact numbers with overflows', () => {
  it('brings the slots into the coefficients, in bit-reversed order, and nothing else', () => {
    const { raises, input, parameters } = run({});
    const unit = parameters.scales[0] / Number(parameters.primes[0]);
    const [{ coefficients }] = raises;
    for (let k = 0; k < 512; k++) {
      expect(Math.abs(coefficients[k] - unit * input[bitReverse(k, 9)])).toBeLessThan(2 ** -40);
      expect(Math.abs(coefficients[k + 512])).toBeLessThan(2 ** -40);
    }
  });

  it.each([
    ['all slots real, two factors', {}, 19],
    ['three and four factors', { slotsToCoeffs: 3, coeffsToSlots: 4 }, 19],
    ['a quarter of the slots', { slots: 128 }, 19],
    ['four slots', { slots: 4 }, 19],
    ['fewer levels, rarer luck', { failureBits: 60, levelWorth: 12, sineBits: 18 }, 17],
    ['messages up to 4 with room for them', { messageBound: 4, ratioBits: 12 }, 17],
    ['a ratio of 2^8', { ratioBits: 8 }, 15],
    ['an arcsine of degree 3', { ratioBits: 8, arcsine: 3 }, 20],
    ['an arcsine of degree 5', { ratioBits: 6, arcsine: 5, sineBits: 26 }, 22],
    ['a dense secret', { sparseWeight: undefined, failureBits: 40 }, 17],
    ['SlotsToCoeffs last', { order: 'slots-to-coeffs-last' }, 14],
    [
      'SlotsToCoeffs last, three factors, few slots',
      { order: 'slots-to-coeffs-last', slotsToCoeffs: 3, slots: 16 },
      14,
    ],
    ['a scale of 45 bits beside primes of 45 bits', { scaleBits: 45, highBits: 45, ratioBits: 9, specialBits: 55 }, 17],
  ] as const)('%s: at least the bits of the sine', (_, changes, bits) => {
    const { worst, imaginary } = run(changes);
    expect(worst).toBeGreaterThan(bits);
    expect(imaginary).toBeLessThan(2 ** -30);
  });

  it.each([
    ['slots-to-coeffs-first', 17],
    ['slots-to-coeffs-last', 13],
  ] as const)('bootstraps what it has bootstrapped, %s', (order, bits) => {
    const { worst, module } = run({ order, slots: 64 }, 3);
    expect(worst).toBeGreaterThan(bits);
    expect(module.funcs[0].body.filter((v) => v.op === 'ckks.mod_raise')).toHaveLength(3);
  });
});
