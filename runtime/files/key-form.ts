import { levelIdBytes, type Seal } from '../seal/library.ts';
import type { RlweForm } from './seal-bytes.ts';

/** The form of every key: keys live modulo all primes, the special one last. */
export function keyForm({ context, parameters }: Seal): RlweForm {
  return {
    levelId: levelIdBytes(context.keyParmsId),
    ringDegree: parameters.ringDegree,
    primes: [...parameters.primes, ...parameters.specialPrimes],
    scale: 1,
  };
}
