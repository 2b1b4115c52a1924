import { fail, InternalError } from '../ir/diagnostics.ts';
import type { Instruction, Program, Register } from '../ir/program/program.ts';
import type { Backend } from './backend.ts';

export interface ExecuteOptions {
  /** Called after each instruction with the share of the predicted seconds done so far, 0 to 1, and the instruction. */
  readonly onProgress?: (done: number, instruction: number) => void;
  /** Predicted cost of each instruction in any unit, for the progress; all equal when absent. */
  readonly weights?: Float64Array;
  /** Asked before each instruction: true stops the run with FHE0802. */
  readonly cancelled?: () => boolean;
}

const registersOf = (instruction: Instruction): readonly Register[] =>
  instruction.op === 'encode' ? [] : instruction.args;

/** For each register the position of the instruction that uses it last; results of the program live to the end. */
export function lastUses(program: Program): Int32Array {
  const inputs = inputCount(program);
  const last = new Int32Array(inputs + program.instructions.length).fill(-1);
  program.instructions.forEach((instruction, at) => registersOf(instruction).forEach((r) => (last[r] = at)));
  for (const output of program.outputs) for (const r of output.registers) last[r] = program.instructions.length;
  return last;
}

export const inputCount = (program: Program): number =>
  program.inputs.reduce((n, input) => n + input.registers.length, 0);

/**
 * Runs a program on a back end: the one loop. `inputs` are the ciphertexts of all input signatures in order; they stay the
 * caller's. Returns the ciphertexts of all output signatures in order. Every other value is released at its last use, also when
 * the run fails.
 */
export function execute<Cipher, Plain>(
  program: Program,
  backend: Backend<Cipher, Plain>,
  inputs: readonly Cipher[],
  options: ExecuteOptions = {},
): Cipher[] {
  const borrowed = inputCount(program);
  if (inputs.length !== borrowed) throw new InternalError(`${inputs.length} ciphertexts for ${borrowed} inputs`);
  const ciphers = new Map<Register, Cipher>(inputs.map((c, r) => [r, c]));
  const plains = new Map<Register, Plain>();
  const last = lastUses(program);
  const weights = options.weights ?? new Float64Array(program.instructions.length).fill(1);
  const total = weights.reduce((sum, w) => sum + w, 0);

  const cipher = (r: Register): Cipher => held(ciphers.get(r), r);
  const plain = (r: Register): Plain => held(plains.get(r), r);
  const release = (r: Register): void => {
    if (r < borrowed) return;
    const c = ciphers.get(r);
    if (c !== undefined) backend.releaseCipher(c);
    const p = plains.get(r);
    if (p !== undefined) backend.releasePlain(p);
    ciphers.delete(r);
    plains.delete(r);
  };

  try {
    let done = 0;
    program.instructions.forEach((instruction, at) => {
      if (options.cancelled?.()) fail('FHE0802', `stopped before instruction ${at} of ${program.instructions.length}`);
      const out = borrowed + at;
      if (instruction.op === 'encode') {
        plains.set(out, backend.encode(program.constants[instruction.constant], instruction.level, instruction.scale));
      } else {
        ciphers.set(out, step(backend, instruction, cipher, plain));
      }
      for (const r of new Set(registersOf(instruction))) if (last[r] === at) release(r);
      if (last[out] < 0) release(out);
      done += weights[at];
      options.onProgress?.(total > 0 ? done / total : 1, at);
    });
    const results = program.outputs.flatMap((output) => output.registers.map(cipher));
    results.forEach((_, i) => ciphers.delete(outputRegister(program, i)));
    return results;
  } finally {
    for (const r of [...ciphers.keys(), ...plains.keys()]) release(r);
  }
}

const outputRegister = (program: Program, index: number): Register =>
  program.outputs.flatMap((o) => o.registers)[index];

function held<T>(value: T | undefined, register: Register): T {
  if (value === undefined) throw new InternalError(`register ${register} holds nothing`);
  return value;
}

/** One instruction that gives a ciphertext. */
export function step<Cipher, Plain>(
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
  }
}
