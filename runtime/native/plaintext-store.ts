import { InternalError } from '../../ir/diagnostics.ts';
import type { Instruction, Program, Register } from '../../ir/program/program.ts';
import { inputCount } from '../execute.ts';
import { guardNative, type Handle, type NativeEngine } from './library.ts';

type Encode = Extract<Instruction, { op: 'encode' }>;

/**
 * The encoded weights of a program, kept from run to run up to a budget in bytes; what does not fit is encoded at each use. Many are encoded at
 * once, each by one of the engine's threads.
 */
export class PlaintextStore {
  readonly #engine: NativeEngine;
  readonly #program: Program;
  readonly #budget: number;
  readonly #first: number;
  readonly #kept = new Map<string, Handle>();
  readonly #handles = new Set<Handle>();
  #used = 0;

  constructor(engine: NativeEngine, program: Program, budget: number) {
    this.#engine = engine;
    this.#program = program;
    this.#budget = budget;
    this.#first = inputCount(program);
  }

  /** The plaintexts of these registers, all of one level. The caller gives each back. */
  take(registers: readonly Register[]): Handle[] {
    const found = registers.map((r) => this.#kept.get(this.#keyOf(r)));
    const missing = registers.filter((_, i) => found[i] === undefined);
    if (missing.length === 0) return found.flatMap((h) => h ?? []);
    const encodes = missing.map((r) => this.#encodeOf(r));
    const { constants, parameters } = this.#program;
    const vectors = encodes.map((e) => constants[e.constant]);
    const scales = Float64Array.from(encodes, (e) => e.scale);
    const { level } = encodes[0];
    const made = guardNative('encode', () => this.#engine.encodeMany(vectors, level, scales));
    missing.forEach((r, i) => {
      const bytes = 8 * (vectors[i].length === 1 ? 1 : parameters.ringDegree) * (level + 1);
      if (this.#used + bytes > this.#budget || this.#kept.has(this.#keyOf(r))) return;
      this.#used += bytes;
      this.#kept.set(this.#keyOf(r), made[i]);
      this.#handles.add(made[i]);
    });
    let next = 0;
    return found.map((h) => h ?? made[next++]);
  }

  /** Gives a plaintext back. */
  release(plaintext: Handle): void {
    if (!this.#handles.has(plaintext)) guardNative('release', () => this.#engine.release(plaintext));
  }

  #encodeOf(register: Register): Encode {
    const instruction = this.#program.instructions[register - this.#first];
    if (instruction.op !== 'encode') throw new InternalError(`register ${register} is no plaintext`);
    return instruction;
  }

  #keyOf(register: Register): string {
    const { constant, level, scale } = this.#encodeOf(register);
    return `${constant} ${level} ${scale}`;
  }
}
