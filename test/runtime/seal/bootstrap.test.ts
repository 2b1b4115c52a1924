import { expect, test } from 'vitest';
import { emitProgram } from '../../../compiler/emit/emit-program.ts';
import { validateProgram } from '../../../ir/program/validate.ts';
import { sampleNoise } from '../../../passes/analysis/sample-noise.ts';
import { bootstrapModule } from '../../../passes/kernels/bootstrap/module.ts';
import { clearBackend } from '../../../runtime/clear/backend.ts';
import { execute } from '../../../runtime/execute.ts';
import { makeSimulators } from '../../../ir/ckks/simulator/simulator.ts';
import { openSealBench } from '../on-seal.ts';
import { toyBootstrap } from '../toy-bootstrap.ts';

const toy = { insecureForTests: true };

const deviation = (a: Float64Array, b: Float64Array): number =>
  Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0) / a.length);

test.each([
  { slots: 512, order: 'slots-to-coeffs-first', bits: 14 },
  { slots: 64, order: 'slots-to-coeffs-first', bits: 14 },
  { slots: 512, order: 'slots-to-coeffs-last', bits: 9 },
] as const)(
  'a bootstrap of $slots slots, $order, runs on SEAL, in the simulator and in the forecast with errors of one size',
  async ({ slots, order, bits }) => {
    const { plan, parameters } = toyBootstrap({ order, slots });
    const { sparseWeight } = plan;
    const module = bootstrapModule(plan, parameters);
    const program = emitProgram(module, toy);
    validateProgram(program);
    expect(program.keys).toMatchObject({ relinearization: true, conjugation: true, sparseWeight });
    const input = Float64Array.from({ length: 512 }, (_, i) => Math.sin((i % slots) ** 2));

    const [exact] = execute(program, clearBackend, [input]);

    const bench = await openSealBench(parameters, program.keys.rotations, sparseWeight);
    const [encrypted] = bench.run(program, [input]);
    const simulator = makeSimulators(parameters, 3, { sparseWeight }).open(0);
    const ciphers = program.inputs.map((s) => simulator.encrypt(input, s.level, s.scale));
    const [simulated] = execute(program, simulator, ciphers);
    const [forecast] = sampleNoise(module.funcs[0], parameters, [[input]]);

    const real = deviation(encrypted, input);
    expect(real).toBeLessThan(2 ** -bits);
    // It is the noise that is compared, not what the polynomial gets wrong.
    expect(deviation(exact, input)).toBeLessThan(real / 4);
    for (const errors of [deviation(simulator.decrypt(simulated).values, input), deviation(forecast.noisy[0], input)])
      expect(Math.abs(Math.log2(errors / real))).toBeLessThan(1);
  },
);
