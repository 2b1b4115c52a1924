import type { GaloisKeys } from 'node-seal/implementation/galois-keys.js';
import type { RelinKeys } from 'node-seal/implementation/relin-keys.js';
import { fail, InternalError } from '../../ir/diagnostics.ts';
import type { Parameters } from '../../ir/ckks/parameters.ts';
import type { Instruction } from '../../ir/program/program.ts';
import {
  conjugationSection,
  galoisSection,
  loadGaloisKey,
  loadRelinearizationKey,
  loadSecretSwitchKey,
  relinearizationSection,
  secretSwitchSection,
  type EvaluationKeyFile,
} from '../files/evaluation-keys.ts';
import type { SealKeys } from '../seal/backend.ts';
import type { Seal } from '../seal/library.ts';
import { openBase, type SecretSwitchKeys } from '../seal/switch-secret.ts';

type Loaded =
  { readonly kind: 'switching'; readonly key: RelinKeys } | { readonly kind: 'galois'; readonly key: GaloisKeys };

/** The key file, opened anew for each call: workers end without a chance to close it. */
type WithKeyFile = <T>(read: (file: EvaluationKeyFile) => T) => T;

/** Bytes of one key in SEAL's memory: two polynomials modulo all primes for each digit. */
const keyBytes = ({ ringDegree, primes, specialPrimes }: Parameters): number =>
  primes.length * 2 * (primes.length + specialPrimes.length) * ringDegree * 8;

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

/**
 * The evaluation keys of one worker, at most `budget` bytes of them at a time, since SEAL's memory ends at 4 GiB and one key of deep
 * parameters has hundreds of megabytes. Keys that do not fit are read when they are needed. The order of uses is known, so the key that
 * is needed last of all gives way (Belady, IBM Systems Journal 5, 1966). Errors: FHE0706 for a key that the file lacks, FHE0702 for a
 * damaged one.
 */
export class ResidentKeys implements SealKeys {
  readonly galois = { get: (steps: number): GaloisKeys => this.#galois(galoisSection(steps)) };
  readonly #seal: Seal;
  readonly #withFile: WithKeyFile;
  readonly #uses: readonly string[];
  readonly #most: number;
  readonly #loaded = new Map<string, Loaded>();
  #base: Seal | undefined;
  #next = 0;

  /** `uses`: the sections of all keys that one run uses, in order. As many as fit are loaded at once. */
  constructor(seal: Seal, withKeyFile: WithKeyFile, uses: readonly string[], budget: number) {
    this.#seal = seal;
    this.#withFile = withKeyFile;
    this.#uses = uses;
    this.#most = Math.max(1, Math.floor(budget / keyBytes(seal.parameters)));
    const needed = [...new Set(uses)];
    withKeyFile(({ container }) => {
      const missing = needed.find((name) => !container.sectionNames.includes(name));
      if (missing !== undefined) fail('FHE0706', `the key file holds no ${missing}`);
    });
    for (const name of needed.slice(0, this.#most)) this.#load(name);
  }

  get relinearization(): RelinKeys {
    return this.#switching(relinearizationSection);
  }

  get conjugation(): GaloisKeys {
    return this.#galois(conjugationSection);
  }

  get secrets(): SecretSwitchKeys {
    return { base: this.#openBase(), get: (to) => this.#switching(secretSwitchSection(to)) };
  }

  /** Call before each run: uses are counted from its beginning, also when the run before was stopped. */
  startRun(): void {
    this.#next = 0;
  }

  #galois(name: string): GaloisKeys {
    const loaded = this.#take(name);
    if (loaded.kind !== 'galois') throw new InternalError(`${name} is no Galois key`);
    return loaded.key;
  }

  #switching(name: string): RelinKeys {
    const loaded = this.#take(name);
    if (loaded.kind !== 'switching') throw new InternalError(`${name} is a Galois key`);
    return loaded.key;
  }

  #openBase(): Seal {
    return (this.#base ??= openBase(this.#seal));
  }

  #take(name: string): Loaded {
    if (this.#uses[this.#next] !== name) throw new InternalError(`${name} is used out of order`);
    this.#next++;
    const loaded = this.#loaded.get(name);
    if (loaded) return loaded;
    if (this.#loaded.size >= this.#most) this.#release();
    return this.#load(name);
  }

  /** Frees the key whose next use is farthest away; after the last use of a run the next run begins. */
  #release(): void {
    const ahead = [...this.#uses.slice(this.#next), ...this.#uses];
    const distances = [...this.#loaded.keys()].map((name) => ({ name, distance: ahead.indexOf(name) }));
    const { name } = distances.reduce((far, d) => (d.distance > far.distance ? d : far));
    this.#loaded.get(name)?.key.delete();
    this.#loaded.delete(name);
  }

  #load(name: string): Loaded {
    const loaded = this.#withFile((file) => this.#read(file, name));
    this.#loaded.set(name, loaded);
    return loaded;
  }

  #read(file: EvaluationKeyFile, name: string): Loaded {
    if (name === relinearizationSection) return { kind: 'switching', key: loadRelinearizationKey(this.#seal, file) };
    for (const to of ['sparse', 'dense'] as const)
      if (name === secretSwitchSection(to))
        return { kind: 'switching', key: loadSecretSwitchKey(this.#seal, this.#openBase(), file, to) };
    return { kind: 'galois', key: loadGaloisKey(this.#seal, file, name) };
  }
}
