import { fail, InternalError } from '../../ir/diagnostics.ts';
import type { Instruction } from '../../ir/program/program.ts';
import {
  conjugationSection,
  galoisSection,
  relinearizationSection,
  secretSwitchSection,
  type EvaluationKeyFile,
} from '../files/evaluation-keys.ts';

/** The key file, opened anew for each call: workers end without a chance to close it. */
export type WithKeyFile = <T>(read: (file: EvaluationKeyFile) => T) => T;

/** The keys that a list of instructions uses, by section name, in order. */
export const keyUses = (instructions: readonly Instruction[]): string[] =>
  instructions.flatMap((i) => sectionOf(i) ?? []);

function sectionOf(instruction: Instruction): string | undefined {
  switch (instruction.op) {
    case 'rotate':
      return galoisSection(instruction.steps);
    case 'relinearize':
      return relinearizationSection;
    case 'conjugate':
      return conjugationSection;
    case 'switch_key':
      return secretSwitchSection(instruction.to);
    default:
      return undefined;
  }
}

/** How a back end holds keys. */
export interface KeyLoader<Key> {
  readonly load: (file: EvaluationKeyFile, section: string) => Key;
  readonly release: (key: Key) => void;
}

/**
 * Evaluation keys by the name of their section, at most `most` at a time (at least one). Keys that do not fit are read when they are
 * needed. The order of uses is known, so the key that is needed last of all gives way (Belady, IBM Systems Journal 5, 1966).
 */
export class KeyCache<Key> {
  readonly #uses: readonly string[];
  readonly #most: number;
  readonly #withFile: WithKeyFile;
  readonly #loader: KeyLoader<Key>;
  readonly #loaded = new Map<string, Key>();
  #next = 0;

  /** `uses`: the sections of all keys that one run uses, in order. As many as fit are loaded at once. Errors: FHE0706 for a key that the file lacks. */
  constructor(uses: readonly string[], most: number, withKeyFile: WithKeyFile, loader: KeyLoader<Key>) {
    this.#uses = uses;
    this.#most = Math.max(1, most);
    this.#withFile = withKeyFile;
    this.#loader = loader;
    const needed = [...new Set(uses)];
    withKeyFile(({ container }) => {
      const missing = needed.find((name) => !container.sectionNames.includes(name));
      if (missing !== undefined) fail('FHE0706', `the key file holds no ${missing}`);
    });
    for (const name of needed.slice(0, this.#most)) this.#load(name);
  }

  /** Call before each run: uses are counted from its beginning, also when the run before was stopped. */
  startRun(): void {
    this.#next = 0;
  }

  /** The keys of the next uses, which must be these, and no more than are held at a time. They stay valid until the next call. */
  take(names: readonly string[]): readonly Key[] {
    if (new Set(names).size > this.#most) throw new InternalError(`${names.length} keys wanted at a time`);
    return names.map((name, i) => {
      if (this.#uses[this.#next] !== name) throw new InternalError(`${name} is used out of order`);
      this.#next++;
      const loaded = this.#loaded.get(name);
      if (loaded !== undefined) return loaded;
      if (this.#loaded.size >= this.#most) this.#evict(names.slice(0, i));
      return this.#load(name);
    });
  }

  /** Frees the key whose next use is farthest away, but for those `inUse`; after the last use of a run the next run begins. */
  #evict(inUse: readonly string[]): void {
    const ahead = [...this.#uses.slice(this.#next), ...this.#uses];
    const free = [...this.#loaded.keys()].filter((name) => !inUse.includes(name));
    const distances = free.map((name) => ({ name, distance: ahead.indexOf(name) }));
    const { name } = distances.reduce((far, d) => (d.distance > far.distance ? d : far));
    const key = this.#loaded.get(name);
    this.#loaded.delete(name);
    if (key !== undefined) this.#loader.release(key);
  }

  #load(name: string): Key {
    const key = this.#withFile((file) => this.#loader.load(file, name));
    this.#loaded.set(name, key);
    return key;
  }
}
