import type { Program } from '../ir/program/program.ts';
import type { CostModel } from '../passes/analysis/cost-model.ts';

/** The seconds that a cost model predicts for one run of a program. Encoded weights are kept from run to run: encoding is left out. */
export function warmSecondsBy(model: CostModel, { parameters, inputs, instructions }: Program): number {
  const levels: number[] = inputs.flatMap(({ registers, level }) => registers.map(() => level));
  let seconds = 0;
  for (const instruction of instructions) {
    if (instruction.op === 'encode') {
      levels.push(instruction.level);
      continue;
    }
    const operand = levels[instruction.args[0]];
    const result =
      instruction.op === 'mod_switch' || instruction.op === 'mod_raise'
        ? instruction.level
        : operand - (instruction.op === 'rescale' ? 1 : 0);
    levels.push(result);
    const primes = (instruction.op === 'mod_raise' ? result : operand) + 1;
    seconds += model.seconds(instruction.op, parameters.ringDegree, primes);
  }
  return seconds;
}
