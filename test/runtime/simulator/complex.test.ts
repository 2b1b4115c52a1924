import { describe, expect, test } from 'vitest';
import { execute } from '../../../runtime/execute.ts';
import { makeSimulators } from '../../../ir/ckks/simulator/simulator.ts';
import { everyKeyProgram, testParameters } from '../assembler.ts';

const parameters = testParameters(1024, 2);
const slots = 512;
const input = Float64Array.from({ length: slots }, (_, i) => Math.sin(i));
const top = parameters.primes.length - 1;
const circle = Float64Array.from({ length: 2 * slots }, (_, i) => (i < slots ? Math.cos(i) : Math.sin(i - slots)));

describe('the simulator on complex slots', () => {
  test('a vector and its conjugate add up to a real one, whose work is that of reals; with imaginary noise it stays complex', () => {
    for (const imaginaryNoise of [false, true]) {
      const simulator = makeSimulators(parameters, 1, { imaginaryNoise }).open(0);
      const x = simulator.encrypt(input, top, parameters.scales[top]);
      const turned = simulator.mulPlain(x, simulator.encode(circle, top, parameters.scales[top]));
      expect(simulator.decrypt(turned).imaginary).toBeDefined();
      const mirrored = simulator.conjugate(turned);
      for (const both of [simulator.add(turned, mirrored), simulator.add(mirrored, turned)]) {
        const sum = simulator.decrypt(both);
        expect(sum.imaginary !== undefined).toBe(imaginaryNoise);
        sum.values.forEach((y, i) => expect(y).toBeCloseTo(2 * input[i] * Math.cos(i), 4));
        sum.imaginary?.forEach((y) => expect(Math.abs(y)).toBeLessThan(2 ** -14));
      }
      // The conjugate of something else keeps its imaginary parts.
      const other = simulator.add(turned, simulator.conjugate(mirrored));
      expect(simulator.decrypt(other).imaginary).toBeDefined();
    }
  });

  test('a raised value that is lowered again without bootstrapping is refused: its multiples of the base prime do not fit', () => {
    const simulator = makeSimulators(parameters, 5).open(0);
    const program = everyKeyProgram(parameters);
    const ciphers = program.inputs.map((s) => simulator.encrypt(input, s.level, s.scale));
    expect(() => execute(program, simulator, ciphers)).toThrow('FHE0803');
  });

  test('a raise draws its multiples anew in each run, equal for equal runs, larger under the dense secret', () => {
    const family = makeSimulators(parameters, 5, { sparseWeight: 32 });
    const raised = (number: number, sparse: boolean): Float64Array => {
      const simulator = family.open(number);
      const x = simulator.encrypt(input, 0, parameters.scales[0]);
      const low = sparse ? simulator.switchKey(x, 'sparse') : x;
      const high = simulator.modRaise(low, top);
      const values = simulator.decrypt(high).values.slice();
      for (const c of new Set([x, low, high])) simulator.releaseCipher(c);
      return values;
    };
    const first = raised(1, true);
    const buffers = family.freeBuffers();
    expect(raised(1, true)).toEqual(first);
    expect(raised(2, true)).not.toEqual(first);
    expect(family.freeBuffers()).toBe(buffers);
    const size = (values: Float64Array): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / slots);
    const ratio = size(raised(3, false)) / size(first);
    expect(ratio / Math.sqrt(((2 / 3) * 1024 + 1) / 33)).toBeGreaterThan(0.85);
    expect(ratio / Math.sqrt(((2 / 3) * 1024 + 1) / 33)).toBeLessThan(1.15);
  });
});
