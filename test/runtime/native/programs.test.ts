import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clearBackend } from '../../../runtime/clear/backend.ts';
import { execute } from '../../../runtime/execute.ts';
import { makeSimulators } from '../../../ir/ckks/simulator/simulator.ts';
import { testParameters } from '../assembler.ts';
import { openSealBench } from '../on-seal.ts';
import { complexPrograms, hasPublicValue, programs, rotationSteps } from '../random-programs.ts';
import { hasEngine, whyNoEngine } from './engines.ts';
import { openNativeBench } from './on-native.ts';

const deviation = (a: Float64Array, b: Float64Array): number =>
  Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0) / a.length);

/** The noise of one draw lies within this factor of that of another: many slots, but few large terms. */
const mostBits = 2;

describe.skipIf(!hasEngine)(
  whyNoEngine || 'random programs with every key on the native engine, decrypted by SEAL',
  () => {
    test.each([
      { ringDegree: 4096, depth: 2, scaleBits: 25 },
      { ringDegree: 4096, depth: 3, scaleBits: 36 },
      { ringDegree: 8192, depth: 5, scaleBits: 30 },
      { ringDegree: 4096, depth: 6, scaleBits: 45 },
    ])(
      'N = $ringDegree, $depth levels of $scaleBits bits: no more noise than stated',
      async ({ ringDegree, depth, scaleBits }) => {
        const parameters = testParameters(ringDegree, depth, scaleBits);
        const slots = ringDegree / 2;
        const inputs = [Math.sin, Math.cos].map((f) => Float64Array.from({ length: slots }, (_, i) => f(i * i)));
        const seal = await openSealBench(parameters, rotationSteps);
        const native = openNativeBench(seal, rotationSteps);
        try {
          const check = fc.property(
            fc.oneof(
              programs(parameters).map((program) => ({ program, imaginaryNoise: false })),
              complexPrograms(parameters).map((program) => ({ program, imaginaryNoise: true })),
            ),
            fc.nat(),
            ({ program, imaginaryNoise }, seed) => {
              fc.pre(!hasPublicValue(program));
              const exact = execute(program, clearBackend, inputs);
              const found = native.run(program, inputs);
              const simulator = makeSimulators(parameters, seed, { imaginaryNoise }).open(0);
              const ciphers = program.inputs.map(({ level, scale }, i) => simulator.encrypt(inputs[i], level, scale));
              const simulated = execute(program, simulator, ciphers);
              exact.forEach((want, i) => {
                const bits = Math.log2(
                  deviation(found[i], want) / deviation(simulator.decrypt(simulated[i]).values, want),
                );
                expect(Math.abs(bits)).toBeLessThan(mostBits);
              });
            },
          );
          fc.assert(check, { numRuns: 40, endOnFailure: true });
        } finally {
          native.close();
        }
      },
    );
  },
);
