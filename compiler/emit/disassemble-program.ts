import { Builder } from '../../ir/builder.ts';
import { conjugate, modRaise, mulI, switchKey } from '../../ir/ckks/bootstrap-ops.ts';
import * as ckks from '../../ir/ckks/ops.ts';
import { slotCount } from '../../ir/ckks/parameters.ts';
import type { OpDefinition } from '../../ir/define.ts';
import { fail, unknownLoc, type Loc } from '../../ir/diagnostics.ts';
import { vectorName, type Module, type Result, type Value } from '../../ir/module.ts';
import type { Instruction, InstructionName, Program, TensorSignature } from '../../ir/program/program.ts';
import { tensor } from '../../ir/tensor.ts';
import { cipherType } from '../../ir/types.ts';

const definitions: Readonly<Record<InstructionName, OpDefinition>> = {
  encode: ckks.encode,
  add: ckks.add,
  sub: ckks.sub,
  negate: ckks.negate,
  mul: ckks.mul,
  add_plain: ckks.addPlain,
  mul_plain: ckks.mulPlain,
  relinearize: ckks.relinearize,
  rescale: ckks.rescale,
  mod_switch: ckks.modSwitch,
  rotate: ckks.rotate,
  conjugate,
  mul_i: mulI,
  mod_raise: modRaise,
  switch_key: switchKey,
};

/**
 * The ckks module that a program stands for, so that an artefact can be verified, evaluated and explained. Emitting it again gives
 * the same program. Each op is inferred again: a program that breaks the rules of the ckks level throws FHE0301 or, for a register or
 * constant that does not exist, FHE0702.
 */
export function disassembleProgram(program: Program): Module {
  const builder = new Builder({ parameters: program.parameters });
  const values: Value[] = [];
  const valueOf = (register: number): Value =>
    values.at(register) ?? fail('FHE0702', `register ${register} is used before it is set`);
  for (const input of program.inputs) {
    input.registers.forEach((_, v) =>
      values.push(builder.param(vectorName(input.name, v), cipherType(input.level, input.scale))),
    );
  }
  program.instructions.forEach((instruction, i) => {
    const operands = instruction.op === 'encode' ? [] : instruction.args.map(valueOf);
    values.push(
      builder.create(definitions[instruction.op], operands, attrsOf(instruction, program), locOf(program, i)),
    );
  });
  const results: Result[] = program.outputs.flatMap((output) =>
    output.registers.map((register, v) => ({ name: vectorName(output.name, v), value: valueOf(register) })),
  );
  return {
    level: 'ckks',
    parameters: program.parameters,
    interface: {
      inputs: program.inputs.map(portOf),
      outputs: program.outputs.map(portOf),
      clientSteps: program.clientSteps,
    },
    funcs: [builder.finish('main', results)],
  };
}

const portOf = ({ name, shape, factor, layout }: TensorSignature) => ({ name, shape, factor, layout });

function attrsOf(instruction: Instruction, program: Program) {
  switch (instruction.op) {
    case 'encode': {
      const { constant, level, scale } = instruction;
      const data = program.constants.at(constant) ?? fail('FHE0702', `constant ${constant} is not in the program`);
      const slots = slotCount(program.parameters);
      return { vector: tensor(data.length === 2 * slots ? [2, slots] : [data.length], data), level, scale };
    }
    case 'mod_raise':
    case 'mod_switch':
      return { level: instruction.level };
    case 'rotate':
      return { steps: instruction.steps };
    case 'switch_key':
      return { to: instruction.to };
    default:
      return {};
  }
}

/** A program names nodes but not their operators. */
function locOf(program: Program, instruction: number): Loc {
  const index = program.nodeOf[instruction];
  const node = index >= 0 ? program.nodes.at(index) : undefined;
  return node === undefined ? unknownLoc : { kind: 'onnx', node, operator: 'compiled' };
}
