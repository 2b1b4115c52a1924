import type { GaloisKeys } from 'node-seal/implementation/galois-keys.js';
import type { RelinKeys } from 'node-seal/implementation/relin-keys.js';
import { fail, InternalError } from '../../ir/diagnostics.ts';
import type { Parameters } from '../../ir/ckks/parameters.ts';
import type { Instruction } from '../../ir/program/program.ts';
import {
  galoisSection,
  loadSealKeys,
  relinearizationSection,
  type EvaluationKeyFile,
} from '../files/evaluation-keys.ts';
import type { SealKeys } from '../seal/backend.ts';
import type { Seal } from '../seal/library.ts';

type Loaded =
  { readonly kind: 'relinearization'; readonly key: RelinKeys } | { readonly kind: 'galois'; readonly key: GaloisKeys };

/** The key file, opened anew for each call: workers end without a chance to close it. */
type WithKeyFile = <T>(read: (file: EvaluationKeyFile) => T) => T;

/** Bytes of one key in SEAL's memory: two polynomials modulo all primes for each digit. */
const keyBytes = ({ ringDegree, primes, specialPrimes }: Parameters): number =>
  primes.length * 2 * (primes.length + specialPrimes.length) * ringDegree * 8;

/** The keys that a list of instructions uses, by section name, in order. */
export const keyUses = (instructions: readonly Instruction[]): string[] =>
  instructions.flatMap((i) =>
    i.op === 'rotate' ? [galoisSection(i.steps)] : i.op === 'relinearize' ? [relinearizationSection] : [],
  );

/**
 * The evaluation keys of one worker, at most `budget` bytes of them at a time, since SEAL's memory ends at 4 GiB and one key of deep
 * parameters has hundreds of megabytes. Keys that do not fit are read when they are needed. The order of uses is known, so the key that
 * is needed last of all gives way (Belady, IBM Systems Journal 5, 1966). Errors: FHE0706 for a key that the file lacks, and those of
 * {@link loadSealKeys}.
 */
export class ResidentKeys implements SealKeys {
  readonly galois = { get: (steps: number): GaloisKeys | undefined => this.#galois(steps) };
  readonly #seal: Seal;
  readonly #withFile: WithKeyFile;
  readonly #uses: readonly string[];
  readonly #most: number;
  readonly #loaded = new Map<string, Loaded>();
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
    const loaded = this.#take(relinearizationSection);
    if (loaded.kind !== 'relinearization') throw new InternalError('no relinearization key');
    return loaded.key;
  }

  /** Call before each run: uses are counted from its beginning, also when the run before was stopped. */
  startRun(): void {
    this.#next = 0;
  }

  #galois(steps: number): GaloisKeys {
    const loaded = this.#take(galoisSection(steps));
    if (loaded.kind !== 'galois') throw new InternalError(`no Galois key for ${steps} steps`);
    return loaded.key;
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
    const loaded = this.#withFile((file) => loadOne(this.#seal, file, name));
    this.#loaded.set(name, loaded);
    return loaded;
  }
}

function loadOne(seal: Seal, file: EvaluationKeyFile, name: string): Loaded {
  if (name === relinearizationSection) {
    const { relinearization } = loadSealKeys(seal, file, { relinearization: true, rotations: [] });
    if (!relinearization) throw new InternalError('the relinearization key was not loaded');
    return { kind: 'relinearization', key: relinearization };
  }
  const steps = Number(name.slice(galoisSection(0).length - 1));
  const key = loadSealKeys(seal, file, { relinearization: false, rotations: [steps] }).galois.get(steps);
  if (!key) throw new InternalError(`${name} was not loaded`);
  return { kind: 'galois', key };
}
