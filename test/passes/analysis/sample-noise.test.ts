import { describe, expect, test } from 'vitest';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import { tensor } from '../../../ir/tensor.ts';
import { disassembleProgram } from '../../../compiler/emit/disassemble-program.ts';
import { sampleNoise } from '../../../passes/analysis/sample-noise.ts';
import { Assembler, sampleProgram, testParameters } from '../../runtime/assembler.ts';

const parameters = testParameters(1024, 2);
const wave = (size: number): Float64Array => Float64Array.from({ length: 512 }, (_, i) => size * Math.sin(i));

describe('sampleNoise', () => {
  const { funcs } = disassembleProgram(sampleProgram(parameters));
  const inputs = [0.5, 1].map((size) => funcs[0].params.map(() => wave(size)));

  test('gives what the function means, and noisy results near it, the same each time', () => {
    const samples = sampleNoise(funcs[0], parameters, inputs);
    samples.forEach(({ exact, noisy }, run) => {
      const meant = evaluateFunc(
        funcs[0],
        inputs[run].map((v) => tensor([512], v)),
      );
      exact.forEach((vector, r) => {
        const errors = vector.map((x, i) => Math.abs(noisy[r][i] - x));
        expect(Math.max(...errors)).toBeLessThan(2 ** -8);
        expect(errors.every((e) => e > 0)).toBe(true);
        vector.forEach((x, i) => expect(x).toBeCloseTo(meant[r].data[i], 9));
      });
    });
    expect(sampleNoise(funcs[0], parameters, inputs)).toEqual(samples);
  });

  test('names the node whose value does not fit', () => {
    const a = new Assembler(parameters);
    const x = a.input('x', 1);
    const [square] = disassembleProgram(a.finish([a.times(x, x)])).funcs;
    expect(() => sampleNoise(square, parameters, [[wave(1)]])).not.toThrow();
    expect(() => sampleNoise(square, parameters, [[wave(100)]])).toThrow(
      expect.objectContaining({
        diagnostics: [
          expect.objectContaining({ code: 'FHE0803', loc: expect.objectContaining({ node: 'first' }) as object }),
        ],
      }),
    );
  });
});
