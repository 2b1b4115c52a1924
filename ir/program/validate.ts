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
import { conjugate, modRaise, mulI, switchKey } from '../ckks/bootstrap-ops.ts';
import { isSecure, isSparseSecure, maxModulusBits, slotCount, topLevel, type Parameters } from '../ckks/parameters.ts';
import { secretAfter, type SecretState } from '../ckks/secret.ts';
import type { Attrs, OpDefinition } from '../define.ts';
import { fail } from '../diagnostics.ts';
import { layoutSlots, layoutVectors, type Digit } from '../layout.ts';
import { elementCount, tensor } from '../tensor.ts';
import { cipherType, type Type } from '../types.ts';
import { keyLevels, requireLevels, requirePossibleLevels } from './key-levels.ts';
import type { Instruction, InstructionName, Program, Register, TensorSignature } from './program.ts';

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
  conjugate,
  mul_i: mulI,
  mod_raise: modRaise,
  switch_key: switchKey,
};

const damaged = (message: string): never => fail('FHE0702', message);

/**
 * Checks a program from outside before any back end sees it: everything of {@link validateSpecification}, every instruction by the types
 * that the ckks ops infer (levels, scales, sizes, registers), that nothing is computed under the sparse secret, constants and keys.
 * `lengths`: of the constants. Errors: FHE0702, FHE0601.
 */
export function validateProgram(program: Program, lengths = Array.from(program.constants, (c) => c.length)): void {
  validateSpecification(program);
  const types = inferTypes(program, lengths);
  validateSecrets(program);
  program.outputs.forEach((output) => validateOutput(output, types));
  validateKeys(program, types);
  if (program.nodeOf.some((n) => n < -1 || n >= program.nodes.length)) damaged('an instruction names an unknown node');
  if (program.seconds.some((s) => !(s >= 0 && s < Infinity))) damaged('an instruction has no predicted time');
}

/** What client and server share of a program. */
type Shared = Pick<Program, 'parameters' | 'inputs' | 'outputs' | 'clientSteps' | 'keys'>;

/** Checks parameters (ranges, security), signatures, client steps and the key manifest. Errors: FHE0702, FHE0601. */
export function validateSpecification({ parameters, inputs, outputs, clientSteps, keys }: Shared): void {
  validateParameters(parameters);
  for (const signature of [...inputs, ...outputs]) validateSignature(parameters, signature);
  for (const ports of [inputs, outputs])
    if (new Set(ports.map((p) => p.name)).size !== ports.length) damaged('two inputs or two outputs have one name');
  for (const { kind, axis } of clientSteps)
    for (const { shape, name } of outputs)
      if (!(axis >= -shape.length && axis < shape.length)) damaged(`'${name}' has no axis ${axis} for ${kind}`);
  const slots = slotCount(parameters);
  if (keys.rotations.some((s, i) => !(s > (i > 0 ? keys.rotations[i - 1] : 0) && s < slots)))
    damaged('the key manifest names an impossible rotation, or rotations out of order');
  requirePossibleLevels(keys, topLevel(parameters));
  const { sparseWeight: weight = leastSparseWeight } = keys;
  if (weight < leastSparseWeight || weight > parameters.ringDegree)
    damaged(`a sparse secret of weight ${weight} is weaker than any known to be safe, or impossible`);
  if (keys.sparseWeight !== undefined && parameters.secure && !isSparseSecure(parameters))
    fail('FHE0601', `the file claims 128-bit security; the key to its sparse secret does not have it`);
}

/** The weight of Bossuat, Troncoso-Pastoriza and Hubaux (ACNS 2022): sparser secrets have no published estimate at our moduli. */
const leastSparseWeight = 32;

/** Errors: FHE0702 for values out of range, FHE0601 for parameters that claim security and lack it. */
function validateParameters(parameters: Parameters): void {
  const { ringDegree, primes, specialPrimes, scales, secure } = parameters;
  if (!maxModulusBits.has(ringDegree)) damaged(`ring degree ${ringDegree} is not a power of two from 1024 to 65536`);
  if (primes.length < 1 || primes.length > 64 || specialPrimes.length < 1 || specialPrimes.length > 16)
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
function inferTypes(program: Program, lengths: readonly number[]): Type[] {
  const vectors = new Map([...new Set(lengths)].map((length) => [length, new Float64Array(length)]));
  const { parameters } = program;
  const types: Type[] = [];
  const bits = modulusBitsByLevel(parameters);
  for (const input of program.inputs) {
    input.registers.forEach((register) => {
      if (register !== types.length) damaged(`input '${input.name}' has registers out of order`);
      types.push(cipherType(input.level, input.scale));
    });
  }
  program.instructions.forEach((instruction, at) => {
    const args = instruction.op === 'encode' ? [] : instruction.args;
    const operands = args.map((r) => types[r] ?? damaged(`instruction ${at} reads register ${r} before it is written`));
    const type = opOfInstruction[instruction.op].infer(
      operands,
      attrsOf(program, instruction, (c) => vectors.get(lengths[c]) ?? damaged(`instruction ${at} names constant ${c}`)),
      { parameters },
    );
    if (typeof type === 'string') damaged(`instruction ${at} (${instruction.op}): ${type}`);
    else if (!scaleFits(type, bits))
      damaged(`instruction ${at} (${instruction.op}): the scale does not fit the modulus`);
    else types.push(type);
  });
  return types;
}

/** Refuses every use of a ciphertext under the sparse secret but those that {@link secretAfter} allows, and every result under it. */
function validateSecrets(program: Program): void {
  const states: SecretState[] = program.inputs.flatMap((input) => input.registers.map(() => 'dense' as const));
  program.instructions.forEach((instruction, at) => {
    const operands = instruction.op === 'encode' ? [] : instruction.args.map((r) => states[r]);
    const to = instruction.op === 'switch_key' ? instruction.to : undefined;
    const after = secretAfter(instruction.op, to, operands);
    if (typeof after === 'string') damaged(`instruction ${at} (${instruction.op}): ${after}`);
    else states.push(after.state);
  });
  for (const { name, registers } of program.outputs)
    if (registers.some((r) => states[r] !== 'dense')) damaged(`output '${name}' is under the sparse secret`);
}

/** log2 of the modulus of each level. */
function modulusBitsByLevel({ primes }: Parameters): number[] {
  let bits = 0;
  return primes.map((q) => (bits += Math.log2(Number(q))));
}

/** Every scale must leave a bit of the modulus to the message: back ends do not survive a scale beyond the modulus. */
function scaleFits(type: Type, bits: readonly number[]): boolean {
  if (type.kind !== 'cipher' && type.kind !== 'plain') return false;
  return type.scale >= 1 && Math.log2(type.scale) + 1 <= bits[type.level];
}

/** The attributes of the ckks op that an instruction stands for. Of a vector its types tell no more than the length: `vectorOf` gives any of it. */
function attrsOf(program: Program, instruction: Instruction, vectorOf: (constant: number) => Float64Array): Attrs {
  switch (instruction.op) {
    case 'encode': {
      const vector = vectorOf(instruction.constant);
      const slots = slotCount(program.parameters);
      const shape = vector.length === 2 * slots ? [2, slots] : [vector.length];
      return { vector: tensor(shape, vector), level: instruction.level, scale: instruction.scale };
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

/** Bounds come before any array is made: a layout is a few numbers that can claim any size. */
function validateSignature(parameters: Parameters, signature: TensorSignature): void {
  const { name, shape, layout, registers, factor, level, scale } = signature;
  const slots = slotCount(parameters);
  const room = slots * registers.length;
  const reach = (digits: readonly Digit[]): number => digits.reduce((sum, d) => sum + (d.extent - 1) * d.stride, 0);
  const size = elementCount(shape);
  if (size !== layout.size || !(size >= 1 && size <= room))
    damaged(`'${name}': the layout holds ${layout.size} elements, the tensor has ${size}, the ciphertexts ${room}`);
  if (layout.digits.length > 32 || layout.copies.length > 32) damaged(`'${name}': the layout has too many digits`);
  // The slowest digit may be cut short, so its extent alone can reach further than the elements do.
  const [slowest, ...others] = layout.digits;
  const used = Math.ceil(size / elementCount(others.map((d) => d.extent)));
  if (!(reach([{ ...slowest, extent: used }, ...others]) < room && reach(layout.copies) < room))
    damaged(`'${name}': the layout reaches beyond its ciphertexts`);
  if (!(elementCount(layout.copies.map((d) => d.extent)) <= slots))
    damaged(`'${name}': the layout has too many copies`);
  if (layoutVectors(layout, slots) !== registers.length)
    damaged(`'${name}': ${registers.length} ciphertexts do not fit the layout`);
  if (new Set(layoutSlots(layout)).size !== size) damaged(`'${name}': two elements share a slot`);
  if (factor.length !== 1 && factor.length !== size)
    damaged(`'${name}': ${factor.length} factors for ${size} elements`);
  if (factor.some((f) => !Number.isFinite(f) || f === 0)) damaged(`'${name}': a factor is zero or not finite`);
  if (!(level < parameters.primes.length)) damaged(`'${name}' is above the modulus chain`);
  if (!scaleFits(cipherType(level, scale), modulusBitsByLevel(parameters)))
    damaged(`'${name}': the scale does not fit the modulus`);
}

function validateOutput(output: TensorSignature, types: readonly Type[]): void {
  for (const register of output.registers) {
    const type = types[register] ?? damaged(`output '${output.name}' reads a register that is never written`);
    if (type.kind !== 'cipher' || type.size !== 2) damaged(`output '${output.name}' is not a ciphertext of size 2`);
    else if (type.level !== output.level || type.scale !== output.scale)
      damaged(`output '${output.name}': level or scale differ`);
  }
}

function validateKeys(program: Program, types: readonly Type[]): void {
  const used = new Set(program.instructions.flatMap((i) => (i.op === 'rotate' ? [i.steps] : [])));
  const known = new Set(program.keys.rotations);
  for (const steps of used) if (!known.has(steps)) damaged(`the key manifest lacks rotation ${steps}`);
  const uses = (op: InstructionName): boolean => program.instructions.some((i) => i.op === op);
  const { relinearization, conjugation, sparseWeight } = program.keys;
  if (uses('relinearize') && !relinearization) damaged('the key manifest lacks the relinearization key');
  if (uses('conjugate') && !conjugation) damaged('the key manifest lacks the conjugation');
  if (uses('switch_key') && sparseWeight === undefined) damaged('the key manifest lacks the sparse secret');
  const levelOf = (register: Register): number => {
    const type = types[register];
    return type.kind === 'cipher' ? type.level : 0;
  };
  requireLevels(program.keys, keyLevels(program.instructions, program.keys.rotations, levelOf));
}
