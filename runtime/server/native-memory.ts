import { fail } from '../../ir/diagnostics.ts';
import type { Parameters } from '../../ir/ckks/parameters.ts';
import type { Instruction, Program, Register } from '../../ir/program/program.ts';
import { formatMemory, machineMemory, machineShare } from './budgets.ts';
import { keyUses } from './key-cache.ts';

/** How a native server shares its memory. */
export interface NativeBudget {
  /** How many evaluation keys to hold at a time. */
  readonly keys: number;
  /** Bytes of encoded weights to keep from run to run. */
  readonly plaintexts: number;
  /** Bytes that the engine refuses to go beyond; 0 for no limit. */
  readonly engine: number;
}

export interface NativeLimits {
  readonly memoryBudget?: number | undefined;
  readonly plaintextBudget?: number | undefined;
  readonly keyBudget?: number | undefined;
}

/** Intermediate results of the operations beside what {@link nativeMemory} counts, and buffers whose sizes do not fit: measured 1% to 8%. */
const slack = 1.15;

/** Primes of at most this many bits are packed in keys. */
const packedBits = 57;

const defaultPlaintexts = 512 * 2 ** 20;

const bitsOf = (prime: bigint): number => prime.toString(2).length;

/** The most bytes that one evaluation key takes in the engine: two polynomials modulo all primes for each digit, packed. */
export function nativeKeyBytes({ ringDegree, primes, specialPrimes }: Parameters): number {
  const digits = Math.ceil(primes.length / Math.max(1, specialPrimes.length));
  const bits = [...primes, ...specialPrimes].map(bitsOf).reduce((sum, b) => sum + (b <= packedBits ? b : 64), 0);
  return (digits * 2 * bits * ringDegree) / 8;
}

/** Bytes of the engine for one run, without keys and kept weights, at most. */
export function nativeWorkingBytes({ parameters, instructions, inputs, outputs }: Program): number {
  const { ringDegree, primes, specialPrimes } = parameters;
  const polynomial = 8 * ringDegree;
  const sizes: number[] = inputs.flatMap(({ registers, level }) => registers.map(() => 2 * (level + 1)));
  const first = sizes.length;
  const last = new Map<Register, number>();
  instructions.forEach((i, at) => {
    if (i.op !== 'encode') for (const r of i.args) last.set(r, at);
  });
  for (const { registers } of outputs) for (const r of registers) last.set(r, instructions.length);
  let live = sizes.reduce((a, b) => a + b, 0);
  let peak = live;
  const levels: number[] = inputs.flatMap(({ registers, level }) => registers.map(() => level));
  instructions.forEach((instruction, at) => {
    const { level, parts } = resultOf(instruction, (r) => ({ level: levels[r], parts: sizes[r] / (levels[r] + 1) }));
    levels.push(level);
    sizes.push(parts * (level + 1));
    live += sizes[first + at];
    const onTheWay = switchesKeys.has(instruction.op) ? 4 * (level + 1 + specialPrimes.length) : 0;
    peak = Math.max(peak, live + onTheWay);
    const args = instruction.op === 'encode' ? [] : instruction.args;
    for (const r of new Set(args)) if (last.get(r) === at && r >= first) live -= sizes[r];
    if (!last.has(first + at)) live -= sizes[first + at];
  });
  // Tables of the transforms, forward and back with quotients, and of the encoder.
  const tables = 4 * (primes.length + specialPrimes.length) + 8;
  return slack * (peak + tables) * polynomial;
}

const switchesKeys: ReadonlySet<Instruction['op']> = new Set(['rotate', 'relinearize', 'conjugate', 'switch_key']);

type Held = { readonly level: number; readonly parts: number };

function resultOf(instruction: Instruction, operand: (register: Register) => Held): Held {
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

/** Bytes of all distinct encoded weights of a run, a number for every slot being one word a prime. */
function plaintextBytes({ instructions, constants, parameters }: Program): number {
  const known = new Map<string, number>();
  for (const i of instructions) {
    if (i.op !== 'encode') continue;
    const words = constants[i.constant].length === 1 ? 1 : parameters.ringDegree;
    known.set(`${i.constant} ${i.level} ${i.scale}`, 8 * words * (i.level + 1));
  }
  return [...known.values()].reduce((a, b) => a + b, 0);
}

/**
 * Shares the memory of a native server: what a run needs comes first, then keys, since a key that is not there is read several times a run, then
 * encoded weights. Errors: FHE0805 when the budget does not hold a run with one key, or the machine has not as much memory.
 */
export function nativeBudget(program: Program, limits: NativeLimits, machine = machineMemory()): NativeBudget {
  const working = nativeWorkingBytes(program);
  const key = nativeKeyBytes(program.parameters);
  const distinct = new Set(keyUses(program.instructions)).size;
  const least = working + (distinct > 0 ? key : 0);
  const { memoryBudget } = limits;
  if (memoryBudget !== undefined && least > memoryBudget)
    refuse(`the memory budget is ${formatMemory(memoryBudget)}`, working, key);
  if (least > machine.total) refuse(`the machine has ${formatMemory(machine.total)} of memory`, working, key);
  const spare = Math.max(0, (memoryBudget ?? Math.max(least, machineShare * machine.free)) - least);
  const wanted = Math.min(distinct, Math.max(1, Math.floor((limits.keyBudget ?? Infinity) / key)));
  const keys = Math.min(wanted, 1 + Math.floor(spare / key));
  const left = spare - Math.max(0, keys - 1) * key;
  const plaintexts = Math.min(limits.plaintextBudget ?? defaultPlaintexts, plaintextBytes(program), left);
  return { keys, plaintexts, engine: Math.floor(memoryBudget ?? 0) };
}

function refuse(reason: string, working: number, key: number): never {
  fail('FHE0805', `${reason}, and the native engine needs at least ${formatMemory(working + key)}`, undefined, [
    `${formatMemory(working)} for tables and ciphertexts that live at once, ${formatMemory(key)} for one evaluation key`,
  ]);
}
