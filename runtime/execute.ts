import { fail, InternalError } from '../ir/diagnostics.ts';
import type { Instruction, Program, Register } from '../ir/program/program.ts';
import type { Backend } from './backend.ts';

/** One worker's share of a program that several run together. */
export interface Share<Cipher> {
  /** Whether this worker runs an instruction; the encodes that it needs must be among them. */
  readonly owns: (instruction: number) => boolean;
  /** The ciphertext of a register that another worker makes; blocks until it is there. */
  readonly receive: (register: Register) => Cipher;
  /** Called with each ciphertext made here, so that it can be handed on. */
  readonly made: (register: Register, cipher: Cipher) => void;
}

export interface ExecuteOptions<Cipher> {
  /** Absent: this run does everything. */
  readonly share?: Share<Cipher>;
  /** Called after each instruction with the share of the predicted seconds done so far, 0 to 1, and the instruction. */
  readonly onProgress?: (done: number, instruction: number) => void;
  /** Asked before each instruction: true stops the run with FHE0802. */
  readonly cancelled?: () => boolean;
}

const registersOf = (instruction: Instruction): readonly Register[] =>
  instruction.op === 'encode' ? [] : instruction.args;

/** For each register the position of the owned instruction that uses it last, -1 for none; results live to the end. */
function lastUses(program: Program, owns: (instruction: number) => boolean): Int32Array {
  const last = new Int32Array(inputCount(program) + program.instructions.length).fill(-1);
  program.instructions.forEach((instruction, at) => {
    if (owns(at)) for (const r of registersOf(instruction)) last[r] = at;
  });
  for (const output of program.outputs) for (const r of output.registers) last[r] = program.instructions.length;
  return last;
}

export const inputCount = (program: Program): number =>
  program.inputs.reduce((n, input) => n + input.registers.length, 0);

/**
 * Runs a program on a back end: the one loop. `inputs` are the ciphertexts of all input signatures in order; they stay the
 * caller's. Returns the ciphertexts of all output signatures in order (none for a share: results go through `made`). Every other
 * value is released at its last use, also when the run fails. A register that is two results, or an input too, gives one handle.
 */
export function execute<Cipher, Plain>(
  program: Program,
  backend: Backend<Cipher, Plain>,
  inputs: readonly Cipher[],
  options: ExecuteOptions<Cipher> = {},
): Cipher[] {
  const borrowed = inputCount(program);
  if (inputs.length !== borrowed) throw new InternalError(`${inputs.length} ciphertexts for ${borrowed} inputs`);
  const ciphers = new Map<Register, Cipher>(inputs.map((c, r) => [r, c]));
  const plains = new Map<Register, Plain>();
  const { share } = options;
  const owns = share?.owns ?? (() => true);
  const last = lastUses(program, owns);
  const total = program.seconds.reduce((sum, t, at) => sum + (owns(at) ? t : 0), 0);

  const cipher = (r: Register): Cipher => {
    const here = ciphers.get(r);
    if (here !== undefined || !share) return held(here, r);
    const received = share.receive(r);
    ciphers.set(r, received);
    return received;
  };
  const plain = (r: Register): Plain => held(plains.get(r), r);
  const release = (r: Register): void => {
    const c = ciphers.get(r);
    if (c !== undefined && r >= borrowed) backend.releaseCipher(c);
    const p = plains.get(r);
    if (p !== undefined) backend.releasePlain(p);
    ciphers.delete(r);
    plains.delete(r);
  };

  try {
    let done = 0;
    program.instructions.forEach((instruction, at) => {
      if (!owns(at)) return;
      if (options.cancelled?.()) fail('FHE0802', `stopped before instruction ${at} of ${program.instructions.length}`);
      const out = borrowed + at;
      if (instruction.op === 'encode') {
        plains.set(out, backend.encode(constantOf(program, instruction), instruction.level, instruction.scale));
      } else {
        const result = runInstruction(backend, instruction, cipher, plain);
        ciphers.set(out, result);
        share?.made(out, result);
      }
      for (const r of new Set(registersOf(instruction))) if (last[r] === at) release(r);
      if (last[out] < 0) release(out);
      done += program.seconds[at];
      options.onProgress?.(total > 0 ? done / total : 1, at);
    });
    if (share) return [];
    const registers = program.outputs.flatMap((output) => output.registers);
    const results = registers.map(cipher);
    for (const r of registers) ciphers.delete(r);
    return results;
  } finally {
    for (const r of [...ciphers.keys(), ...plains.keys()]) release(r);
  }
}

function held<T>(value: T | undefined, register: Register): T {
  if (value === undefined) throw new InternalError(`register ${register} holds nothing`);
  return value;
}

/** The vector that an instruction encodes. */
export function constantOf({ constants }: Program, { constant }: Extract<Instruction, { op: 'encode' }>): Float64Array {
  const vector = constants.at(constant);
  if (!vector) throw new InternalError(`there is no constant ${constant}`);
  return vector;
}

/** One instruction that gives a ciphertext. */
export function runInstruction<Cipher, Plain>(
  backend: Backend<Cipher, Plain>,
  instruction: Exclude<Instruction, { op: 'encode' }>,
  cipher: (r: Register) => Cipher,
  plain: (r: Register) => Plain,
): Cipher {
  const a = cipher(instruction.args[0]);
  switch (instruction.op) {
    case 'add':
      return backend.add(a, cipher(instruction.args[1]));
    case 'sub':
      return backend.sub(a, cipher(instruction.args[1]));
    case 'mul':
      return backend.mul(a, cipher(instruction.args[1]));
    case 'add_plain':
      return backend.addPlain(a, plain(instruction.args[1]));
    case 'mul_plain':
      return backend.mulPlain(a, plain(instruction.args[1]));
    case 'negate':
      return backend.negate(a);
    case 'relinearize':
      return backend.relinearize(a);
    case 'rescale':
      return backend.rescale(a);
    case 'mod_switch':
      return backend.modSwitch(a, instruction.level);
    case 'rotate':
      return backend.rotate(a, instruction.steps);
    case 'conjugate':
      return backend.conjugate(a);
    case 'mul_i':
      return backend.mulI(a);
    case 'mod_raise':
      return backend.modRaise(a, instruction.level);
    case 'switch_key':
      return backend.switchKey(a, instruction.to);
  }
}
