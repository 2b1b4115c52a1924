import { keyLevelId, type Seal } from '../seal/library.ts';
import type { RlweForm } from './seal-bytes.ts';

/** The form of every key: keys live modulo all primes, the special one last. */
export function keyForm({ library, parameters }: Pick<Seal, 'library' | 'parameters'>): RlweForm {
  return {
    levelId: keyLevelId(library, parameters),
    ringDegree: parameters.ringDegree,
    primes: [...parameters.primes, ...parameters.specialPrimes],
    scale: 1,
  };
}
