import type { Parameters } from '../../ir/ckks/parameters.ts';
import type { Instruction, Program, Register } from '../../ir/program/program.ts';
import { inputCount } from '../execute.ts';
import { keyUses } from './key-cache.ts';

/**
 * The bytes that one thread of SEAL needs in its heap, from SEAL 4.1's own tables and temporaries (native/src/seal). Everything is counted in
 * polynomials modulo one prime, 8N bytes each.
 */
export interface ThreadMemory {
  /** The context with the transforms of every level, the encoder and the library itself. */
  readonly context: number;
  /** Ciphertexts and plaintexts that live at once, at most, with what the operations need on the way. */
  readonly values: number;
  /** One evaluation key. */
  readonly key: number;
  /** What reading one key needs beside the key. */
  readonly keyReading: number;
  /** The distinct keys that one run uses. */
  readonly keys: number;
  /** All encoded weights of one run, if they were kept. */
  readonly plaintexts: number;
}

/** The library's code and data, its stack, and the heap's own first pages. */
const libraryBytes = 16 * 2 ** 20;

/** The memory of the thread that runs the `owned` instructions. */
export function threadMemory(program: Program, owned: (instruction: number) => boolean): ThreadMemory {
  const { parameters, instructions } = program;
  const { ringDegree, primes } = parameters;
  const mine = instructions.filter((_, at) => owned(at));
  const keyDigits = primes.length;
  const digit = 2 * (primes.length + 1);
  const keys = new Set(keyUses(mine)).size;
  const polynomial = 8 * ringDegree;
  return {
    context: libraryBytes + contextPolynomials(parameters, keys) * polynomial,
    values: peakPolynomials(program, owned) * polynomial,
    key: keyDigits * digit * polynomial,
    // The file's bytes, seeded: half of the key. The pool takes digits in lots that grow by a twentieth.
    keyReading: (keyDigits * digit * polynomial) / 2 + Math.ceil(0.05 * keyDigits * keys) * digit * polynomial,
    keys,
    plaintexts: plaintextPolynomials(mine) * polynomial,
  };
}

/**
 * Transforms take 4 polynomials a prime, forward and back with the quotients of Shoup's trick. Each level keeps those of its primes and those of an
 * auxiliary base of one prime more, which SEAL makes for BFV and keeps for CKKS too; so does the level of the keys. A Galois key
 * adds a permutation of N numbers of 32 bits.
 */
function contextPolynomials({ primes }: Parameters, keys: number): number {
  const levels = primes.length + 1;
  const transforms = levels * (levels + 2);
  const lots = 1.05;
  const encoder = 4;
  return lots * 4 * transforms + encoder + keys / 2;
}

/** Distinct plaintexts, each at its own level. */
function plaintextPolynomials(instructions: readonly Instruction[]): number {
  const known = new Map<string, number>();
  for (const i of instructions) {
    if (i.op === 'encode') known.set(`${i.constant} ${i.level} ${i.scale}`, i.level + 1);
  }
  return [...known.values()].reduce((a, b) => a + b, 0);
}

/** A value in SEAL's memory: `primes` and `size` of the ciphertext, and the polynomials that it has room for. */
interface Held {
  readonly primes: number;
  readonly size: number;
  readonly room: number;
}

/** The most polynomials that live at once when every value is freed after its last use. */
function peakPolynomials(program: Program, owned: (instruction: number) => boolean): number {
  const { instructions, parameters } = program;
  const inputs = inputCount(program);
  const held: Held[] = program.inputs.flatMap(({ registers, level }) =>
    registers.map(() => ({ primes: level + 1, size: 2, room: 2 * (level + 1) })),
  );
  const last = new Map<Register, number>();
  instructions.forEach((i, at) => {
    if (i.op !== 'encode' && owned(at)) for (const r of i.args) last.set(r, at);
  });
  let live = held.reduce((sum, h) => sum + h.room, 0);
  let peak = live;
  const here = new Set<Register>(held.keys());
  instructions.forEach((instruction, at) => {
    const out = inputs + at;
    const args = instruction.op === 'encode' ? [] : instruction.args;
    const made = resultOf(
      instruction,
      args.map((r) => held[r]),
      parameters,
    );
    held.push(made.value);
    if (!owned(at)) return;
    // What another thread made arrives.
    for (const r of args) {
      if (here.has(r)) continue;
      here.add(r);
      live += held[r].room;
    }
    live += made.value.room;
    peak = Math.max(peak, live + made.onTheWay);
    for (const r of new Set(args)) if (last.get(r) === at && r >= inputs) live -= held[r].room;
    if (!last.has(out)) live -= made.value.room;
    else here.add(out);
  });
  // The bytes of a ciphertext on its way to another thread or to the client, twice.
  return peak + 2 * 3 * parameters.primes.length;
}

/** What an instruction makes, and the polynomials that it needs meanwhile. */
function resultOf(
  instruction: Instruction,
  operands: readonly Held[],
  parameters: Parameters,
): { readonly value: Held; readonly onTheWay: number } {
  const top = parameters.primes.length;
  const [a] = operands;
  const like = (primes: number, size: number, room = size * primes): Held => ({ primes, size, room });
  switch (instruction.op) {
    case 'encode':
      // Encoded at the top, with complex numbers of twice the words.
      return { value: like(instruction.level + 1, 1), onTheWay: top + 5 };
    case 'add':
    case 'sub': {
      const { size } = operands[1];
      // A copy of the first operand that grows keeps both.
      return size > a.size
        ? { value: like(a.primes, size, (a.size + size) * a.primes), onTheWay: 0 }
        : { value: like(a.primes, a.size), onTheWay: 0 };
    }
    case 'mul':
      return { value: like(a.primes, 3), onTheWay: 1 };
    case 'relinearize':
      return { value: like(a.primes, 2, a.size * a.primes), onTheWay: 3 * a.primes + 7 };
    case 'rotate':
    case 'conjugate':
      return { value: like(a.primes, 2), onTheWay: 4 * a.primes + 7 };
    case 'rescale':
      return { value: like(a.primes - 1, a.size), onTheWay: a.size * a.primes + 1 };
    case 'mod_switch':
      return { value: like(instruction.level + 1, a.size), onTheWay: a.size * a.primes };
    case 'mod_raise':
      return { value: like(instruction.level + 1, 2), onTheWay: 6 * (instruction.level + 1) };
    case 'switch_key':
      return { value: like(a.primes, 2, 3 * a.primes), onTheWay: 9 * a.primes + 7 };
    case 'negate':
    case 'add_plain':
    case 'mul_plain':
    case 'mul_i':
      return { value: like(a.primes, a.size), onTheWay: 0 };
  }
}
