import type { GaloisKeys } from 'node-seal/implementation/galois-keys.js';
import type { RelinKeys } from 'node-seal/implementation/relin-keys.js';
import { sealKeyBytes } from '../../ir/ckks/key-bytes.ts';
import { InternalError } from '../../ir/diagnostics.ts';
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
import { KeyCache, type WithKeyFile } from './key-cache.ts';

type Loaded =
  { readonly kind: 'switching'; readonly key: RelinKeys } | { readonly kind: 'galois'; readonly key: GaloisKeys };

/**
 * The evaluation keys of one worker as SEAL's objects, at most `budget` bytes of them at a time, since SEAL's memory ends at 4 GiB and one
 * key of deep parameters has hundreds of megabytes. Errors: FHE0706 for a key that the file lacks, FHE0702 for a damaged one.
 */
export class ResidentKeys implements SealKeys {
  readonly galois = { get: (steps: number): GaloisKeys => this.#galois(galoisSection(steps)) };
  readonly #seal: Seal;
  readonly #cache: KeyCache<Loaded>;
  #base: Seal | undefined;

  /** `uses`: the sections of all keys that one run uses, in order. As many as fit are loaded at once. */
  constructor(seal: Seal, withKeyFile: WithKeyFile, uses: readonly string[], budget: number) {
    this.#seal = seal;
    const bytes = sealKeyBytes(seal.parameters);
    this.#cache = new KeyCache<Loaded>(uses, budget, withKeyFile, {
      bytesOf: () => bytes,
      load: (file, name) => this.#read(file, name),
      release: ({ key }) => key.delete(),
    });
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
    this.#cache.startRun();
  }

  #galois(name: string): GaloisKeys {
    const [loaded] = this.#cache.take([name]);
    if (loaded.kind !== 'galois') throw new InternalError(`${name} is no Galois key`);
    return loaded.key;
  }

  #switching(name: string): RelinKeys {
    const [loaded] = this.#cache.take([name]);
    if (loaded.kind !== 'switching') throw new InternalError(`${name} is a Galois key`);
    return loaded.key;
  }

  #openBase(): Seal {
    return (this.#base ??= openBase(this.#seal));
  }

  #read(file: EvaluationKeyFile, name: string): Loaded {
    if (name === relinearizationSection) return { kind: 'switching', key: loadRelinearizationKey(this.#seal, file) };
    for (const to of ['sparse', 'dense'] as const)
      if (name === secretSwitchSection(to))
        return { kind: 'switching', key: loadSecretSwitchKey(this.#seal, this.#openBase(), file, to) };
    return { kind: 'galois', key: loadGaloisKey(this.#seal, file, name) };
  }
}
