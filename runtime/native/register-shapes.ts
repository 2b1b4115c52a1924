import { topLevel } from '../../ir/ckks/parameters.ts';
import type { Instruction, Program, Register } from '../../ir/program/program.ts';
import { ciphersOf, resultsOf, type FusedCall, type FusedStep } from './fused-steps.ts';

/** Polynomials and level of a value; a plaintext has one part. */
export interface RegisterShape {
  readonly level: number;
  readonly parts: number;
}

/** The shape of every register of a program: inputs first, then one for each instruction. */
export function registerShapes({ inputs, instructions }: Program): readonly RegisterShape[] {
  const shapes: RegisterShape[] = inputs.flatMap(({ registers, level }) => registers.map(() => ({ level, parts: 2 })));
  for (const instruction of instructions) shapes.push(shapeOf(instruction, (r) => shapes[r]));
  return shapes;
}

/** The shape of every register of a fused program, those that fusion made included. */
export function fusedShapes(program: Program, steps: readonly FusedStep[]): ReadonlyMap<Register, RegisterShape> {
  const shapes = new Map<Register, RegisterShape>(registerShapes(program).entries());
  const shape = (r: Register): RegisterShape => shapes.get(r) ?? { level: topLevel(program.parameters), parts: 2 };
  for (const { call } of steps)
    for (const r of resultsOf(call)) if (!shapes.has(r)) shapes.set(r, shapeOfResult(call, shape));
  return shapes;
}

/** Of a register that fusion made. */
function shapeOfResult(call: FusedCall, shape: (r: Register) => RegisterShape): RegisterShape {
  if (call.kind === 'instruction') return shapeOf(call.instruction, shape);
  const shapes = ciphersOf(call).map(shape);
  return { level: shapes[0].level, parts: shapes.reduce((most, { parts }) => Math.max(most, parts), 0) };
}

/** The shape of what an instruction makes of such operands. */
export function shapeOf(instruction: Instruction, operand: (register: Register) => RegisterShape): RegisterShape {
  if (instruction.op === 'encode') return { level: instruction.level, parts: 1 };
  const a = operand(instruction.args[0]);
  switch (instruction.op) {
    case 'add':
    case 'sub':
      return { level: a.level, parts: Math.max(a.parts, operand(instruction.args[1]).parts) };
    case 'mul':
      return { level: a.level, parts: 3 };
    case 'relinearize':
      return { level: a.level, parts: 2 };
    case 'rescale':
      return { level: a.level - 1, parts: a.parts };
    case 'mod_switch':
    case 'mod_raise':
      return { level: instruction.level, parts: a.parts };
    default:
      return a;
  }
}
