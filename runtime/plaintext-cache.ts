import type { Backend } from './backend.ts';

/**
 * The same back end with encoded weights kept from run to run, up to `budget` bytes (predicted by `bytesOf`): encoding is a large share of
 * a run, and the weights do not change. What does not fit is encoded at each use. `clear` releases what is kept.
 */
export function withPlaintextCache<Cipher, Plain>(
  backend: Backend<Cipher, Plain>,
  budget: number,
  bytesOf: (level: number, vector: Float64Array) => number,
): { readonly backend: Backend<Cipher, Plain>; readonly clear: () => void; readonly bytes: () => number } {
  const byVector = new Map<Float64Array, Map<string, Plain>>();
  const kept = new Set<Plain>();
  let used = 0;
  const cached: Backend<Cipher, Plain> = {
    ...backend,
    encode: (vector, level, scale) => {
      const key = `${level}:${scale}`;
      const known = byVector.get(vector)?.get(key);
      if (known !== undefined) return known;
      const plain = backend.encode(vector, level, scale);
      if (used + bytesOf(level, vector) <= budget) {
        used += bytesOf(level, vector);
        kept.add(plain);
        const entries = byVector.get(vector) ?? new Map<string, Plain>();
        byVector.set(vector, entries.set(key, plain));
      }
      return plain;
    },
    releasePlain: (plain) => {
      if (!kept.has(plain)) backend.releasePlain(plain);
    },
  };
  return {
    backend: cached,
    bytes: () => used,
    clear: () => {
      for (const plain of kept) backend.releasePlain(plain);
      kept.clear();
      byVector.clear();
      used = 0;
    },
  };
}
