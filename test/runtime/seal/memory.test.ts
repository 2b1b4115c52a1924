import { describe, expect, test } from 'vitest';
import { clearBackend } from '../../../runtime/clear/backend.ts';
import { execute } from '../../../runtime/execute.ts';
import { sealBackend } from '../../../runtime/seal/backend.ts';
import { Assembler, sampleProgram, testParameters } from '../assembler.ts';
import { openSealBench } from '../on-seal.ts';

describe('the SEAL back end', () => {
  test('holds no more memory after thirty runs than after five, stopped runs included', async () => {
    const parameters = testParameters(8192, 2);
    const program = sampleProgram(parameters);
    const bench = await openSealBench(parameters, program.keys.rotations);
    const inputs = [0, 1].map((k) => Float64Array.from({ length: 4096 }, (_, i) => Math.sin(i + k)));
    const backend = sealBackend(bench.seal, bench.keys);
    const stopped = (at: number): void => {
      const ciphers = program.inputs.map((s, k) => bench.encrypt(inputs[k], s.level, s.scale));
      let asked = 0;
      expect(() => execute(program, backend, ciphers, { cancelled: () => asked++ === at })).toThrow('FHE0802');
      for (const c of ciphers) c.delete();
    };
    let settled = 0;
    for (let run = 0; run < 30; run++) {
      bench.run(program, inputs);
      stopped(run % program.instructions.length);
      if (run === 4) settled = process.memoryUsage().external;
    }
    // A single ciphertext that leaks in each run would be 25 * 400 kB.
    expect(process.memoryUsage().external - settled).toBeLessThan(4 * 2 ** 20);
  });

  test('values that hide nothing are computed all the same: x - x, (x + 1) - x, products with zero', async () => {
    const parameters = testParameters(1024, 2);
    const a = new Assembler(parameters);
    const x = a.input('x');
    const { level, scale } = a.cipher(x);
    const zero = a.binary('sub', x, x);
    const one = a.binary('sub', a.binary('add_plain', x, a.encode([1], level, scale)), x);
    const nothing = a.timesConstants(x, [0]);
    const program = a.finish([
      a.rotate(one, 1),
      a.times(one, zero),
      nothing,
      a.binary('add', a.times(x, x), a.timesConstants(a.rotate(one, 1), [3])),
    ]);
    const bench = await openSealBench(parameters, [1]);
    const input = Float64Array.from({ length: 512 }, (_, i) => Math.sin(i));
    const want = execute(program, clearBackend, [input]);
    bench.run(program, [input]).forEach((got, i) => {
      const worst = got.reduce((m, y, k) => Math.max(m, Math.abs(y - want[i][k])), 0);
      expect(worst).toBeLessThan(2 ** -12);
    });
  });

  test('constants too large for the modulus, and numbers that are none, are refused before SEAL sees them', async () => {
    const parameters = testParameters(1024, 1);
    const bench = await openSealBench(parameters, []);
    for (const value of [1e300, Infinity, NaN, 2 ** 12])
      expect(() => bench.encrypt(Float64Array.of(value), 0, 2 ** 30)).toThrow('FHE0803');
    expect(bench.decrypt(bench.encrypt(Float64Array.of(0.5), 0, 2 ** 30))[7]).toBeCloseTo(0.5, 4);
  });
});
