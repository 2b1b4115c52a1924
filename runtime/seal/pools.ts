import type { MemoryPoolHandle } from 'node-seal/implementation/memory-pool-handle.js';
import type { SEALLibrary } from 'node-seal/implementation/seal.js';
import type { CipherText, PlainText, Pool, PoolClass, Seal } from './seal.ts';

/**
 * The class of SEAL's pools. Ask once: each handle of the global pool holds a little memory until JavaScript collects it, and a loop that
 * never pauses collects none; these bits between large blocks would split the heap.
 */
export function poolClass(library: SEALLibrary): PoolClass {
  const handle = library.MemoryPoolHandle.global as Pool;
  const found = handle.constructor as unknown as PoolClass;
  handle.delete();
  return found;
}

/**
 * Runs with a memory pool of its own. SEAL's global pool keeps the memory of every size that was ever asked for, and only for this size
 * (SEAL 4.1 native/src/seal/util/mempool.cpp): each level of a deep program would keep its share. It also stays locked for ever once
 * the heap is at its end, so that even freeing hangs. The memory of a pool of its own goes back to the heap with the last object in it.
 */
export function withPool<T>({ pools }: Seal, use: (pool: MemoryPoolHandle) => T): T {
  const pool = pools.MemoryPoolHandleNew(false);
  try {
    return use(pool);
  } finally {
    pool.delete();
  }
}

/** An empty ciphertext in a pool of its own; see {@link withPool}. */
export const newCipherText = (seal: Seal): CipherText => withPool(seal, (pool) => seal.library.CipherText({ pool }));

/** A ciphertext in a pool of its own with room for a product at this level: one that grows would keep the memory of both sizes. */
export const newProduct = (seal: Seal, level: number): CipherText =>
  withPool(seal, (pool) => {
    const { library, context, levelIds } = seal;
    return library.CipherText({ context, parmsId: levelIds[level], sizeCapacity: 3, pool });
  });

/** An empty plaintext in a pool of its own; see {@link withPool}. */
export const newPlainText = (seal: Seal): PlainText => withPool(seal, (pool) => seal.library.PlainText({ pool }));
