import type { CipherText } from 'node-seal/implementation/cipher-text.js';
import type { CKKSEncoder } from 'node-seal/implementation/ckks-encoder.js';
import type { Context } from 'node-seal/implementation/context.js';
import type { MemoryPoolHandle } from 'node-seal/implementation/memory-pool-handle.js';
import type { ParmsIdType } from 'node-seal/implementation/parms-id-type.js';
import type { PlainText } from 'node-seal/implementation/plain-text.js';
import type { SEALLibrary } from 'node-seal/implementation/seal.js';
import type { Parameters } from '../../ir/ckks/parameters.ts';

export type { CipherText, PlainText };

/** A handle of a pool; it must be given back, which does not touch what lives in the pool. */
export type Pool = MemoryPoolHandle & { readonly delete: () => void };

/** What the declarations of the package leave out. */
export interface PoolClass {
  readonly MemoryPoolHandleNew: (clearOnDestruction: boolean) => Pool;
}

/** SEAL for one parameter set: its context and what every role needs. One WASM instance a thread. */
export interface Seal {
  readonly library: SEALLibrary;
  readonly context: Context;
  readonly encoder: CKKSEncoder;
  readonly parameters: Parameters;
  /** SEAL's name for the modulus of each level that the context serves. */
  readonly levelIds: readonly ParmsIdType[];
  readonly pools: PoolClass;
}
