import { InternalError } from '../../ir/diagnostics.ts';
import type { Instruction, Program, Register } from '../../ir/program/program.ts';
import { constantOf, inputCount } from '../execute.ts';
import { isExtended, plainsOf, type FusedStep } from './fused-steps.ts';
import { guardNative, type Handle, type NativeEngine } from './library.ts';
import { plaintextBytes, type PlaintextBytes } from './plaintext-bytes.ts';

type Encode = Extract<Instruction, { op: 'encode' }>;

const nameOf = ({ constant, level, scale }: Encode, extended: boolean): string =>
  `${constant} ${level} ${scale}${extended ? ' extended' : ''}`;

/** The encoded weights of a program: equal ones have one name. */
export interface Weight {
  readonly name: string;
  /** In the engine. */
  readonly bytes: number;
  /** How many steps of a run use it. */
  readonly uses: number;
}

function encodeOf(program: Program, register: Register): Encode {
  const instruction = program.instructions[register - inputCount(program)];
  if (instruction.op !== 'encode') throw new InternalError(`register ${register} is no plaintext`);
  return instruction;
}

/** All weights that the steps use. */
export function weightsOf(
  program: Program,
  steps: readonly FusedStep[],
  bytesOf: PlaintextBytes = plaintextBytes(program),
): Weight[] {
  const weights = new Map<string, Weight>();
  for (const { call } of steps) {
    const extended = isExtended(call);
    for (const r of plainsOf(call)) {
      const name = nameOf(encodeOf(program, r), extended);
      const known = weights.get(name) ?? { name, bytes: bytesOf(r, extended), uses: 0 };
      weights.set(name, { ...known, uses: known.uses + 1 });
    }
  }
  return [...weights.values()];
}

/** The names of the weights that a budget in bytes keeps: those that are used most often first. */
function* keptNames(
  program: Program,
  steps: readonly FusedStep[],
  budget: number,
  bytesOf: PlaintextBytes,
): Iterable<string> {
  let left = budget;
  for (const { name, bytes } of weightsOf(program, steps, bytesOf).sort((a, b) => b.uses - a.uses)) {
    if (bytes > left) continue;
    left -= bytes;
    yield name;
  }
}

/** For each step how many plaintexts a run encodes that finds those there which a budget keeps. */
export function encodesAnew(program: Program, steps: readonly FusedStep[], budget: number): number[] {
  const kept = new Set(keptNames(program, steps, budget, plaintextBytes(program)));
  return steps.map(({ call }) => {
    const names = plainsOf(call).map((r) => nameOf(encodeOf(program, r), isExtended(call)));
    return names.filter((name) => !kept.has(name)).length;
  });
}

/**
 * The encoded weights of a program, kept from use to use and from run to run up to a budget in bytes, those that are used most often first; others are
 * encoded at each use. Many are encoded at once, each by one of the engine's threads.
 */
export class PlaintextStore {
  readonly #engine: NativeEngine;
  readonly #program: Program;
  /** The names of those to keep, and once they are made, the plaintexts. */
  readonly #kept = new Map<string, Handle | undefined>();
  readonly #handles = new Set<Handle>();

  constructor(
    engine: NativeEngine,
    program: Program,
    steps: readonly FusedStep[],
    budget: number,
    bytesOf: PlaintextBytes = plaintextBytes(program),
  ) {
    this.#engine = engine;
    this.#program = program;
    for (const name of keptNames(program, steps, budget, bytesOf)) this.#kept.set(name, undefined);
  }

  /** The plaintexts of these registers, all of one level, for ciphertexts in extended form or not. The caller gives them back. */
  take(registers: readonly Register[], extended: boolean): Handle[] {
    const encodes = registers.map((r) => encodeOf(this.#program, r));
    const found = encodes.map((e) => this.#kept.get(nameOf(e, extended)));
    const missing = encodes.filter((_, i) => found[i] === undefined);
    if (missing.length === 0) return found.flatMap((h) => h ?? []);
    const vectors = missing.map((e) => constantOf(this.#program, e));
    const scales = Float64Array.from(missing, (e) => e.scale);
    const made = guardNative('encode', () =>
      extended
        ? this.#engine.encodeManyExtended(vectors, missing[0].level, scales)
        : this.#engine.encodeMany(vectors, missing[0].level, scales),
    );
    missing.forEach((e, i) => {
      const name = nameOf(e, extended);
      if (!this.#kept.has(name) || this.#kept.get(name) !== undefined) return;
      this.#kept.set(name, made[i]);
      this.#handles.add(made[i]);
    });
    let next = 0;
    return found.map((h) => h ?? made[next++]);
  }

  /** Gives plaintexts back. */
  release(plaintexts: readonly Handle[]): void {
    for (const p of plaintexts) if (!this.#handles.has(p)) guardNative('release', () => this.#engine.release(p));
  }
}
