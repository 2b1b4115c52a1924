import { fitsSeal, type Parameters } from '../../ir/ckks/parameters.ts';
import type { Specification } from '../../ir/program/schema.ts';

/**
 * The part of a program's parameters that the client encrypts and decrypts with. Where SEAL makes the evaluation keys that is all of them; else the primes up to
 * the highest level of an input or output, and one special prime: SEAL's tables for a deep chain would take gigabytes and minutes. The first prime is the same,
 * and so is the secret, whose coefficients do not depend on the primes.
 */
export function clientParameters({ parameters, inputs, outputs }: Specification): Parameters {
  if (fitsSeal(parameters)) return parameters;
  const primes = 1 + Math.max(...[...inputs, ...outputs].map((signature) => signature.level));
  return {
    ...parameters,
    primes: parameters.primes.slice(0, primes),
    scales: parameters.scales.slice(0, primes),
    specialPrimes: parameters.specialPrimes.slice(0, 1),
  };
}
