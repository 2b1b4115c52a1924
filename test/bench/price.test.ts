import fc from 'fast-check';
import { expect, test } from 'vitest';
import { warmSecondsBy } from '../../bench/price.ts';
import { disassembleProgram } from '../../compiler/emit/disassemble-program.ts';
import { emitProgram } from '../../compiler/emit/emit-program.ts';
import { nativeCostModel } from '../../passes/analysis/native-costs.ts';
import { everyKeyProgram, testParameters } from '../runtime/assembler.ts';
import { complexPrograms } from '../runtime/random-programs.ts';

const parameters = testParameters(1024, 4);

test('the forecast of a program is what the compiler predicts for its instructions, encoding left out', () => {
  const costModel = nativeCostModel(1);
  const programs = fc.oneof(complexPrograms(parameters), fc.constant(everyKeyProgram(parameters)));
  fc.assert(
    fc.property(programs, (written) => {
      const program = emitProgram(disassembleProgram(written), { insecureForTests: true, costModel });
      const warm = program.instructions.reduce(
        (sum, { op }, at) => sum + (op === 'encode' ? 0 : program.seconds[at]),
        0,
      );
      expect(warmSecondsBy(costModel, program)).toBeCloseTo(warm, 12);
    }),
    { numRuns: 50 },
  );
});
