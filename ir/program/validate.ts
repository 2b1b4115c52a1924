import {
  add,
  addPlain,
  encode,
  modSwitch,
  mul,
  mulPlain,
  negate,
  relinearize,
  rescale,
  rotate,
  sub,
} from '../ckks/ops.ts';
import { isSecure, maxModulusBits, slotCount, type Parameters } from '../ckks/parameters.ts';
import type { Attrs, OpDefinition } from '../define.ts';
import { fail } from '../diagnostics.ts';
import { copyOffsets, layoutVectors } from '../layout.ts';
import { elementCount, tensor } from '../tensor.ts';
import { cipherType, type Type } from '../types.ts';
import type { Instruction, InstructionName, Program, TensorSignature } from './program.ts';

/** The ckks op of each instruction: its types are checked by the op's own rules. */
export const opOfInstruction: Readonly<Record<InstructionName, OpDefinition>> = {
  encode,
  add,
  sub,
  mul,
  negate,
  relinearize,
  rescale,
  rotate,
  mod_switch: modSwitch,
  add_plain: addPlain,
  mul_plain: mulPlain,
};

const damaged = (message: string): never => fail('FHE0702', message);

/**
 * Checks a program from outside before any back end sees it: parameters (ranges, security), every instruction by the types that
 * the ckks ops infer (levels, scales, sizes, registers), signatures, constants and keys. Errors: FHE0702, FHE0601.
 */
export function validateProgram(program: Program): void {
  validateParameters(program.parameters);
  const types = inferTypes(program);
  program.outputs.forEach((output) => validateOutput(program, output, types));
  validateKeys(program);
}

/** Errors: FHE0702 for values out of range, FHE0601 for parameters that claim security and lack it. */
export function validateParameters(parameters: Parameters): void {
  const { ringDegree, primes, specialPrimes, scales, secure } = parameters;
  if (!maxModulusBits.has(ringDegree)) damaged(`ring degree ${ringDegree} is not a power of two from 1024 to 65536`);
  if (primes.length < 1 || primes.length > 64 || specialPrimes.length > 16)
    damaged('the modulus chain has an impossible length');
  const all = [...primes, ...specialPrimes];
  const modulus = BigInt(2 * ringDegree);
  if (all.some((q) => q % modulus !== 1n || q >= 1n << 60n || q < modulus))
    damaged('a prime is not 1 modulo 2N or out of range');
  if (new Set(all).size !== all.length) damaged('the primes are not distinct');
  if (scales.length !== primes.length || scales.some((s) => !(s >= 1 && s < 2 ** 60)))
    damaged('the scales do not fit the chain');
  if (secure && !isSecure(parameters))
    fail('FHE0601', 'the file claims 128-bit security; its parameters do not have it');
}

/** The type of every register; throws FHE0702 at the first instruction that does not fit. */
export function inferTypes(program: Program): Type[] {
  const { parameters } = program;
  const types: Type[] = [];
  for (const input of program.inputs) {
    validateSignature(program, input);
    if (!(input.level < parameters.primes.length)) damaged(`input '${input.name}' is above the modulus chain`);
    input.registers.forEach((register) => {
      if (register !== types.length) damaged(`input '${input.name}' has registers out of order`);
      types.push(cipherType(input.level, input.scale));
    });
  }
  program.instructions.forEach((instruction, at) => {
    const args = instruction.op === 'encode' ? [] : instruction.args;
    const operands = args.map((r) => types[r] ?? damaged(`instruction ${at} reads register ${r} before it is written`));
    const type = opOfInstruction[instruction.op].infer(operands, attrsOf(program, instruction, at), { parameters });
    types.push(typeof type === 'string' ? damaged(`instruction ${at} (${instruction.op}): ${type}`) : type);
  });
  return types;
}

/** The attributes of the ckks op that an instruction stands for. */
export function attrsOf(program: Program, instruction: Instruction, at: number): Attrs {
  switch (instruction.op) {
    case 'encode': {
      const vector =
        program.constants[instruction.constant] ?? damaged(`instruction ${at} names constant ${instruction.constant}`);
      return { vector: tensor([vector.length], vector), level: instruction.level, scale: instruction.scale };
    }
    case 'mod_switch':
      return { level: instruction.level };
    case 'rotate':
      return { steps: instruction.steps };
    default:
      return {};
  }
}

function validateSignature(program: Program, { name, shape, layout, registers, factor }: TensorSignature): void {
  const slots = slotCount(program.parameters);
  const size = elementCount(shape);
  if (size !== layout.size || size < 1)
    damaged(`'${name}': the layout holds ${layout.size} elements, the tensor has ${size}`);
  const reach = layout.digits.reduce((sum, d) => sum + (d.extent - 1) * d.stride, 0);
  const copies = layout.copies.reduce((count, d) => count * d.extent, 1);
  if (reach > slots * 1024 || copies > slots) damaged(`'${name}': the layout reaches beyond any ciphertext`);
  if (layoutVectors(layout, slots) !== registers.length)
    damaged(`'${name}': ${registers.length} ciphertexts do not fit the layout`);
  if (copyOffsets(layout).some((offset) => offset < 0)) damaged(`'${name}': the layout has negative copies`);
  if (factor.length !== 1 && factor.length !== size)
    damaged(`'${name}': ${factor.length} factors for ${size} elements`);
  if (factor.some((f) => !Number.isFinite(f) || f === 0)) damaged(`'${name}': a factor is zero or not finite`);
}

function validateOutput(program: Program, output: TensorSignature, types: readonly Type[]): void {
  validateSignature(program, output);
  for (const register of output.registers) {
    const type = types[register] ?? damaged(`output '${output.name}' reads a register that is never written`);
    if (type.kind !== 'cipher' || type.size !== 2) damaged(`output '${output.name}' is not a ciphertext of size 2`);
    else if (type.level !== output.level || type.scale !== output.scale)
      damaged(`output '${output.name}': level or scale differ`);
  }
}

function validateKeys(program: Program): void {
  const used = new Set(program.instructions.flatMap((i) => (i.op === 'rotate' ? [i.steps] : [])));
  const known = new Set(program.keys.rotations);
  for (const steps of used) if (!known.has(steps)) damaged(`the key manifest lacks rotation ${steps}`);
  if (program.keys.rotations.some((s) => !(s > 0 && s < slotCount(program.parameters))))
    damaged('the key manifest names an impossible rotation');
  const relinearizes = program.instructions.some((i) => i.op === 'relinearize');
  if (relinearizes && !program.keys.relinearization) damaged('the key manifest lacks the relinearization key');
}
