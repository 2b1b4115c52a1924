import fc from 'fast-check';
import { expect } from 'vitest';
import type { Parameters } from '../../ir/ckks/parameters.ts';
import { makeSimulators } from '../../ir/ckks/simulator/simulator.ts';
import type { Program } from '../../ir/program/program.ts';
import { validateProgram } from '../../ir/program/validate.ts';
import { clearBackend } from '../../runtime/clear/backend.ts';
import { execute } from '../../runtime/execute.ts';
import { complexPrograms, hasPublicValue, programs } from './random-programs.ts';

type Run = (program: Program, inputs: readonly Float64Array[]) => Float64Array[];

/** The error that a tenth of the slots exceed, and the largest. */
function errorsOf(found: Float64Array, want: Float64Array): { readonly usual: number; readonly largest: number } {
  const errors = found.map((x, i) => Math.abs(x - want[i])).sort();
  return { usual: errors[Math.floor(0.9 * errors.length)], largest: errors[errors.length - 1] };
}

/** A few slots have more than the usual one: digits of a key switch are not centred, and their mean, as a polynomial, is large where roots lie near 1. */
const mostPeakBits = 9;

/** One program may have so much less noise, where equal noise cancels, as in (x * 1) - ((x + 1) * 1), which the simulator draws twice: 3.4 bits were seen. */
const mostCancelledBits = 10;

const kinds = {
  real: { make: programs, imaginaryNoise: false },
  complex: { make: complexPrograms, imaginaryNoise: true },
};

/**
 * Runs random programs over `parameters`, encrypted by `run` and in the simulator. In no program is the usual error more than `bits` bits above the simulated
 * one, and in the median one it is no more than `bits` below.
 */
export function expectForecastNoise(
  run: Run,
  parameters: Parameters,
  bits: number,
  among: readonly (keyof typeof kinds)[],
): void {
  const slots = parameters.ringDegree / 2;
  const inputs = [Math.sin, Math.cos].map((f) => Float64Array.from({ length: slots }, (_, i) => f(i * i)));
  const seen: number[] = [];
  const check = fc.property(
    fc.oneof(
      ...among.map((kind) => {
        const { make, imaginaryNoise } = kinds[kind];
        return make(parameters).map((program) => ({ program, imaginaryNoise }));
      }),
    ),
    fc.nat(),
    ({ program, imaginaryNoise }, seed) => {
      fc.pre(!hasPublicValue(program));
      validateProgram(program);
      const exact = execute(program, clearBackend, inputs);
      const found = run(program, inputs);
      const simulator = makeSimulators(parameters, seed, { imaginaryNoise }).open(0);
      const ciphers = program.inputs.map(({ level, scale }, i) => simulator.encrypt(inputs[i], level, scale));
      const simulated = execute(program, simulator, ciphers);
      exact.forEach((want, i) => {
        const real = errorsOf(found[i], want);
        const forecast = errorsOf(simulator.decrypt(simulated[i]).values, want);
        const more = Math.log2(real.usual / forecast.usual);
        seen.push(more);
        expect(more).toBeLessThan(bits);
        expect(more).toBeGreaterThan(-mostCancelledBits);
        expect(Math.log2(real.largest / forecast.largest)).toBeLessThan(mostPeakBits);
      });
    },
  );
  fc.assert(check, { numRuns: 40, endOnFailure: true });
  expect(seen.sort((a, b) => a - b)[seen.length >> 1]).toBeGreaterThan(-bits);
}
