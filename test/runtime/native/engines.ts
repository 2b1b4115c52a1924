import { findNative, type NativeEngine, type NativeEngineOptions } from '../../../runtime/native/library.ts';

const found = findNative();

/** Whether tests of the engine can run; `whyNoEngine` is the name of a group that skips. */
export const hasEngine = !('missing' in found);
export const whyNoEngine = 'missing' in found ? `skipped without the native engine: ${found.missing}` : '';
// Reporters do not print the names of what they skip.
if (!hasEngine) process.stderr.write(`tests are ${whyNoEngine}\n`);

export function openEngine(
  ringDegree: number,
  primes: readonly bigint[],
  specialPrimes: readonly bigint[],
  options: Partial<NativeEngineOptions> = {},
): NativeEngine {
  if ('missing' in found) throw new Error(whyNoEngine);
  return new found.Engine({
    ringDegree,
    primes: BigUint64Array.from(primes),
    specialPrimes: BigUint64Array.from(specialPrimes),
    threads: 1,
    kernel: 'automatic',
    memoryBudget: 0,
    ...options,
  });
}

/** Whether this machine and compiler have the IFMA kernel. */
export const hasIfma = ((): boolean => {
  if ('missing' in found) return false;
  const engine = openEngine(16, [97n], []);
  try {
    return engine.kernelName() !== 'portable';
  } finally {
    engine.close();
  }
})();
