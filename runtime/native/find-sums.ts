import type { Instruction, Program, Register } from '../../ir/program/program.ts';
import { inputCount } from '../execute.ts';

/** A product of a ciphertext with a plaintext that is used in one sum only. */
export interface Product {
  readonly input: Register;
  readonly plain: Register;
  /** The instruction. */
  readonly at: number;
}

/** What a tree of additions sums up. */
export interface Sum {
  /** None, or at least two. */
  readonly products: readonly Product[];
  readonly others: readonly Register[];
  /** The first operand of all, which gives the sum its scale. */
  readonly leading: Register;
  /** The additions, in order; the last is the root. */
  readonly additions: readonly number[];
}

export interface Uses {
  /** How often each register is used, as a result of the program too. */
  readonly counts: Int32Array;
  /** The instruction that uses it last; -1 for none. */
  readonly last: Int32Array;
}

export function usesOf(program: Program): Uses {
  const size = inputCount(program) + program.instructions.length;
  const counts = new Int32Array(size);
  const last = new Int32Array(size).fill(-1);
  program.instructions.forEach((instruction, at) => {
    if (instruction.op === 'encode') return;
    for (const r of instruction.args) {
      counts[r]++;
      last[r] = at;
    }
  });
  for (const { registers } of program.outputs) for (const r of registers) counts[r]++;
  return { counts, last };
}

/** The largest trees of additions whose inner sums are used nowhere else, by the instruction of their root. */
export function findSums(program: Program, { counts, last }: Uses): ReadonlyMap<number, Sum> {
  const { instructions } = program;
  const first = inputCount(program);
  const at = (r: Register): Instruction | undefined => (r >= first ? instructions[r - first] : undefined);
  const once = (r: Register): boolean => counts[r] === 1 && last[r] >= 0;
  const inner = (r: Register): boolean => once(r) && at(r)?.op === 'add' && instructions[last[r]].op === 'add';
  const sums = new Map<number, Sum>();
  instructions.forEach((instruction, position) => {
    const root = first + position;
    if (instruction.op !== 'add' || inner(root)) return;
    const products: Product[] = [];
    const others: Register[] = [];
    const additions: number[] = [];
    let leading: Register | undefined;
    // Depth first with a stack, the left operand first: chains may be thousands of additions long.
    const pending: Register[] = [root];
    for (let r = pending.pop(); r !== undefined; r = pending.pop()) {
      const operand = at(r);
      if (operand?.op === 'add' && (r === root || inner(r))) {
        additions.push(r - first);
        pending.push(operand.args[1], operand.args[0]);
        continue;
      }
      leading ??= r;
      if (operand?.op === 'mul_plain' && once(r)) {
        products.push({ input: operand.args[0], plain: operand.args[1], at: r - first });
      } else others.push(r);
    }
    additions.sort((a, b) => a - b);
    const shared = { leading: leading ?? root, additions };
    if (products.length !== 1) sums.set(position, { products, others, ...shared });
    else sums.set(position, { products: [], others: [first + products[0].at, ...others], ...shared });
  });
  return sums;
}
