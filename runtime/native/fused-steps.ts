import type { Instruction, Program, Register } from '../../ir/program/program.ts';

/** An instruction that switches to another Galois element: rotations of one ciphertext share their first half. */
export type Automorphism = Extract<Instruction, { op: 'rotate' | 'conjugate' }>;

export interface SumTerm {
  /** Index into the inputs of the step. */
  readonly input: number;
  readonly plain: Register;
}

/** What one call of the engine does. Registers are those of the program, and beyond them some of the plan's own. */
export type FusedCall =
  | {
      readonly kind: 'instruction';
      readonly instruction: Exclude<Instruction, { op: 'encode' }>;
      readonly out: Register;
    }
  /** All of one ciphertext. Results that are `extended`, here and below, are not yet divided by the special primes. */
  | {
      readonly kind: 'automorphisms';
      readonly extended: boolean;
      readonly source: Register;
      readonly results: readonly { readonly instruction: Automorphism; readonly out: Register }[];
    }
  /** The sum of what is turned and the addend, which gives its scale unless the other `leads`. Operands of an extended one may be of either form. */
  | {
      readonly kind: 'automorphism_add';
      readonly extended: boolean;
      readonly leads: boolean;
      readonly source: Register;
      readonly instruction: Automorphism;
      readonly addend: Register;
      readonly out: Register;
    }
  | { readonly kind: 'relinearize_rescale'; readonly source: Register; readonly out: Register }
  /** The extended form of a ciphertext. */
  | { readonly kind: 'extend'; readonly source: Register; readonly out: Register }
  /** An extended ciphertext divided by the special primes, and rescaled in the same rounding. */
  | { readonly kind: 'divide'; readonly source: Register; readonly rescale: boolean; readonly out: Register }
  /** Each row is a sum of products of the inputs with plaintexts; inputs and rows are of one form. */
  | {
      readonly kind: 'sums';
      readonly extended: boolean;
      readonly inputs: readonly Register[];
      readonly rows: readonly { readonly out: Register; readonly terms: readonly SumTerm[] }[];
    };

export interface FusedStep {
  readonly call: FusedCall;
  /** The instructions that it does, the last of which says where it stands in the program. */
  readonly covers: readonly number[];
}

/** The ciphertexts that a call reads. */
export function ciphersOf(call: FusedCall): readonly Register[] {
  switch (call.kind) {
    case 'instruction': {
      const { instruction } = call;
      const plain = instruction.op === 'add_plain' || instruction.op === 'mul_plain';
      return plain ? [instruction.args[0]] : instruction.args;
    }
    case 'automorphism_add':
      return [call.source, call.addend];
    case 'sums':
      return call.inputs;
    default:
      return [call.source];
  }
}

/** The plaintexts that a call reads. */
export function plainsOf(call: FusedCall): readonly Register[] {
  if (call.kind === 'sums') return [...new Set(call.rows.flatMap(({ terms }) => terms.map((t) => t.plain)))];
  if (call.kind !== 'instruction') return [];
  const { instruction } = call;
  return instruction.op === 'add_plain' || instruction.op === 'mul_plain' ? [instruction.args[1]] : [];
}

/** The ciphertexts that a call makes. */
export function resultsOf(call: FusedCall): readonly Register[] {
  switch (call.kind) {
    case 'automorphisms':
      return call.results.map((r) => r.out);
    case 'sums':
      return call.rows.map((r) => r.out);
    default:
      return [call.out];
  }
}

/** Whether the results of a call are not yet divided by the special primes. */
export function isExtended(call: FusedCall): boolean {
  switch (call.kind) {
    case 'automorphisms':
    case 'automorphism_add':
    case 'sums':
      return call.extended;
    default:
      return call.kind === 'extend';
  }
}

/** The instructions whose keys a call uses, in order. */
export function keyedBy(call: FusedCall): readonly Instruction[] {
  switch (call.kind) {
    case 'automorphisms':
      return call.results.map((r) => r.instruction);
    case 'relinearize_rescale':
      return [{ op: 'relinearize', args: [call.source] }];
    case 'sums':
    case 'extend':
    case 'divide':
      return [];
    case 'automorphism_add':
      return [call.instruction];
    case 'instruction':
      return keyed.has(call.instruction.op) ? [call.instruction] : [];
  }
}

const keyed: ReadonlySet<Instruction['op']> = new Set(['rotate', 'conjugate', 'relinearize', 'switch_key']);

/** For each ciphertext the number of the step that uses it last; results of the program live to the end. */
export function lastSteps(program: Program, steps: readonly FusedStep[]): Map<Register, number> {
  const last = new Map<Register, number>();
  steps.forEach(({ call }, s) => {
    for (const r of ciphersOf(call)) last.set(r, s);
  });
  for (const { registers } of program.outputs) for (const r of registers) last.set(r, steps.length);
  return last;
}
