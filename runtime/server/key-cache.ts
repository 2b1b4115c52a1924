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
  /** Bytes that the key takes when it is loaded. */
  readonly bytesOf: (section: string) => number;
  readonly release: (key: Key) => void;
}

/**
 * Evaluation keys by the name of their section, at most `budget` bytes of them at a time, or those of one call where they have more. Keys that do not
 * fit are read when they are needed. The order of uses is known, so the key that is needed last of all gives way (Belady, IBM Systems Journal 5, 1966).
 */
export class KeyCache<Key> {
  readonly #uses: readonly string[];
  readonly #budget: number;
  readonly #withFile: WithKeyFile;
  readonly #loader: KeyLoader<Key>;
  readonly #loaded = new Map<string, Key>();
  #bytes = 0;
  #next = 0;

  /** `uses`: the sections of all keys that one run uses, in order. As many as fit are loaded at once. Errors: FHE0706 for a key that the file lacks. */
  constructor(uses: readonly string[], budget: number, withKeyFile: WithKeyFile, loader: KeyLoader<Key>) {
    this.#uses = uses;
    this.#budget = budget;
    this.#withFile = withKeyFile;
    this.#loader = loader;
    const needed = [...new Set(uses)];
    withKeyFile(({ container }) => {
      const missing = needed.find((name) => !container.sectionNames.includes(name));
      if (missing !== undefined) fail('FHE0706', `the key file holds no ${missing}`);
    });
    for (const name of needed) if (this.#fits(name)) this.#load(name);
  }

  /** Call before each run: uses are counted from its beginning, also when the run before was stopped. */
  startRun(): void {
    this.#next = 0;
  }

  /** The keys of the next uses, which must be these. They stay valid until the next call. */
  take(names: readonly string[]): readonly Key[] {
    for (const name of names)
      if (this.#uses[this.#next++] !== name) throw new InternalError(`${name} is used out of order`);
    return names.map((name) => {
      const loaded = this.#loaded.get(name);
      if (loaded !== undefined) return loaded;
      while (!this.#fits(name) && this.#evict(names)) continue;
      return this.#load(name);
    });
  }

  #fits(name: string): boolean {
    return this.#bytes + this.#loader.bytesOf(name) <= this.#budget;
  }

  /** Frees the key whose next use is farthest away, but for those `inUse`; after the last use of a run the next run begins. False where there is none. */
  #evict(inUse: readonly string[]): boolean {
    const ahead = [...this.#uses.slice(this.#next), ...this.#uses];
    const free = [...this.#loaded].filter(([name]) => !inUse.includes(name));
    if (free.length === 0) return false;
    const distances = free.map(([name, key]) => ({ name, key, distance: ahead.indexOf(name) }));
    const { name, key } = distances.reduce((far, d) => (d.distance > far.distance ? d : far));
    this.#loaded.delete(name);
    this.#bytes -= this.#loader.bytesOf(name);
    this.#loader.release(key);
    return true;
  }

  #load(name: string): Key {
    const key = this.#withFile((file) => this.#loader.load(file, name));
    this.#loaded.set(name, key);
    this.#bytes += this.#loader.bytesOf(name);
    return key;
  }
}
