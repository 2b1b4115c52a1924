import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { validateProgram } from '../../../ir/program/validate.ts';
import { clearBackend } from '../../../runtime/clear/backend.ts';
import { execute } from '../../../runtime/execute.ts';
import { makeSimulators } from '../../../ir/ckks/simulator/simulator.ts';
import { testParameters } from '../assembler.ts';
import { openSealBench } from '../on-seal.ts';
import { complexPrograms, hasPublicValue, programs, rotationSteps } from '../random-programs.ts';

const parameters = testParameters(8192, 4);
const slots = 4096;
const inputs = [Math.sin, Math.cos].map((f) => Float64Array.from({ length: slots }, (_, i) => f(i * i)));

const deviation = (a: Float64Array, b: Float64Array): number =>
  Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0) / a.length);

describe('the simulator against SEAL', () => {
  test.each([
    { kind: 'real', make: programs, imaginaryNoise: false },
    { kind: 'complex', make: complexPrograms, imaginaryNoise: true },
  ])('over random $kind programs the errors have the same size', async ({ make, imaginaryNoise }) => {
    const bench = await openSealBench(parameters, rotationSteps);
    fc.assert(
      fc.property(make(parameters), fc.nat(), (program, seed) => {
        fc.pre(!hasPublicValue(program));
        validateProgram(program);
        const exact = execute(program, clearBackend, inputs);
        const encrypted = bench.run(program, inputs);
        const simulator = makeSimulators(parameters, seed, { imaginaryNoise }).open(0);
        const ciphers = program.inputs.map(({ level, scale }, i) => simulator.encrypt(inputs[i], level, scale));
        const simulated = execute(program, simulator, ciphers);
        exact.forEach((want, i) => {
          const real = deviation(encrypted[i], want);
          const forecast = deviation(simulator.decrypt(simulated[i]).values, want);
          const bits = Math.log2(real / forecast);
          expect(Math.abs(bits)).toBeLessThan(1);
        });
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });
});
