import { expect, test } from 'vitest';
import { emitProgram } from '../../../compiler/emit/emit-program.ts';
import { validateProgram } from '../../../ir/program/validate.ts';
import { sampleNoise } from '../../../passes/analysis/sample-noise.ts';
import { bootstrapModule } from '../../../passes/kernels/bootstrap/module.ts';
import { bootstrapDefaults, planBootstrap } from '../../../passes/kernels/bootstrap/plan.ts';
import { clearBackend } from '../../../runtime/clear/backend.ts';
import { execute } from '../../../runtime/execute.ts';
import { simulatorBackend, type SimulatedCipher } from '../../../runtime/simulator/backend.ts';
import { openSealBench } from '../on-seal.ts';

const toy = { insecureForTests: true };

const deviation = (a: Float64Array, b: Float64Array): number =>
  Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0) / a.length);

test.each([
  { slots: 512, sparseWeight: 32 },
  { slots: 64, sparseWeight: 32 },
])(
  'a bootstrap of $slots slots runs on SEAL, in the simulator and in the forecast with errors of one size',
  async ({ slots, sparseWeight }) => {
    const { plan, parameters } = planBootstrap({
      ...bootstrapDefaults,
      ringDegree: 1024,
      slots,
      sparseWeight,
      sineBits: 34,
      ratioBits: 12,
      arcsine: 3,
      scaleBits: 34,
      userLevels: 1,
      highBits: 48,
      specialPrimes: 1,
      specialBits: 58,
    });
    const module = bootstrapModule(plan, parameters);
    const program = emitProgram(module, toy);
    validateProgram(program);
    expect(program.keys).toMatchObject({ relinearization: true, conjugation: true, sparseWeight });
    const input = Float64Array.from({ length: 512 }, (_, i) => Math.sin((i % slots) ** 2));

    const [exact] = execute(program, clearBackend, [input]);

    const bench = await openSealBench(parameters, program.keys.rotations, sparseWeight);
    const [encrypted] = bench.run(program, [input]);
    const simulator = simulatorBackend(parameters, 3, { sparseWeight });
    const ciphers = program.inputs.map((s) => simulator.encrypt(input, s.level, s.scale));
    const [simulated] = execute<SimulatedCipher, unknown>(program, simulator, ciphers);
    const [forecast] = sampleNoise(module.funcs[0], parameters, [[input]]).runs;

    const real = deviation(encrypted, input);
    expect(real).toBeLessThan(2 ** -14);
    // It is the noise that is compared, not what the polynomial gets wrong.
    expect(deviation(exact, input)).toBeLessThan(real / 4);
    for (const errors of [deviation(simulated.values, input), deviation(forecast.noisy[0], input)])
      expect(Math.abs(Math.log2(errors / real))).toBeLessThan(1);
  },
);
