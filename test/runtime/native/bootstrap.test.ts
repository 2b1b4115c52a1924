import { describe, expect, test } from 'vitest';
import { emitProgram } from '../../../compiler/emit/emit-program.ts';
import { bootstrapModule } from '../../../passes/kernels/bootstrap/module.ts';
import { openSealBench } from '../on-seal.ts';
import { toyBootstrap } from '../toy-bootstrap.ts';
import { hasEngine, whyNoEngine } from './engines.ts';
import { openNativeBench } from './on-native.ts';

const deviation = (a: Float64Array, b: Float64Array): number =>
  Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0) / a.length);

describe.skipIf(!hasEngine)(whyNoEngine || 'a bootstrap on the native engine', () => {
  test.each([
    { slots: 512, order: 'slots-to-coeffs-first', bits: 14 },
    { slots: 64, order: 'slots-to-coeffs-first', bits: 14 },
    { slots: 512, order: 'slots-to-coeffs-last', bits: 9 },
  ] as const)(
    'of $slots slots, $order, errs as the same program with the same keys on SEAL',
    async ({ slots, order, bits }) => {
      const { plan, parameters } = toyBootstrap({ order, slots });
      const program = emitProgram(bootstrapModule(plan, parameters), { insecureForTests: true });
      const { rotations, sparseWeight } = program.keys;
      const input = Float64Array.from({ length: 512 }, (_, i) => Math.sin((i % slots) ** 2));
      const bench = await openSealBench(parameters, rotations, sparseWeight);
      const [onSeal] = bench.run(program, [input]);
      const error = deviation(onSeal, input);
      expect(error).toBeLessThan(2 ** -bits);
      const native = openNativeBench(bench, rotations);
      try {
        for (const fusion of [
          { bytes: 2 ** 28, keys: 100 },
          { bytes: 0, keys: 1 },
        ]) {
          const [onNative] = native.run(program, [input], fusion);
          expect(Math.abs(Math.log2(deviation(onNative, input) / error))).toBeLessThan(1);
          // Errors of two encryptions: alike where the polynomial errs, else independent.
          expect(deviation(onNative, onSeal)).toBeLessThan(2 * error);
        }
      } finally {
        native.close();
      }
    },
  );
});
