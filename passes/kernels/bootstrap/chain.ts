import { isSecure, type Parameters } from '../../../ir/ckks/parameters.ts';
import { primeBelow, primeNearest } from '../../schedule/primes.ts';

/**
 * A modulus chain for programs that bootstrap, from the bottom: the base prime; SlotsToCoeffs and the user's levels, all at one scale; EvalMod
 * and CoeffsToSlots at larger primes.
 */
export interface ChainRequest {
  readonly ringDegree: number;
  /** log2 of the user's scale; may be a fraction. */
  readonly scaleBits: number;
  /** log2 of base prime / scale. */
  readonly ratioBits: number;
  /** Levels below EvalMod: those of SlotsToCoeffs and of the user. */
  readonly lowLevels: number;
  /** Levels of EvalMod and CoeffsToSlots. */
  readonly highLevels: number;
  /** log2 of their primes. */
  readonly highBits: number;
  readonly specialPrimes: number;
  /** log2 of each special prime. */
  readonly specialBits: number;
}

/**
 * log2 of the scale `above` levels over the highest user level. Every level keeps the house's rule scale[l - 1] = scale[l]^2 / prime[l]; with primes of
 * size 2^high it leads from 2^high at the top down to 2^low, where the distance to 2^high doubles from level to level. What the scale
 * loses, the numbers gain: EvalMod's amplitudes grow on the way (eval-mod.ts), so that no precision is lost.
 */
const rampBits = (above: number, low: number, high: number): number => high - (high - low) / 2 ** Math.max(0, above);

/**
 * Chooses the primes, each nearest to what brings the next scale to its target, so that scales do not drift. Undefined when there are not
 * enough primes of some size. Check `secure`.
 */
export function makeChain(request: ChainRequest): Parameters | undefined {
  const { ringDegree, scaleBits, ratioBits, lowLevels, highLevels, highBits, specialPrimes, specialBits } = request;
  const step = BigInt(2 * ringDegree);
  const taken = new Set<bigint>();
  const take = (prime: bigint | undefined): bigint | undefined => {
    if (prime !== undefined) taken.add(prime);
    return prime;
  };
  const special: bigint[] = [];
  for (let i = 0; i < specialPrimes; i++) {
    const prime = take(primeBelow(BigInt(Math.floor(2 ** specialBits)), step, taken));
    if (prime === undefined) return undefined;
    special.push(prime);
  }
  const top = lowLevels + highLevels;
  const target = (level: number): number => 2 ** rampBits(level - lowLevels, scaleBits, highBits);
  const scales = [target(top)];
  const primes: bigint[] = [];
  for (let level = top; level > 0; level--) {
    const [scale] = scales;
    const prime = take(primeNearest(BigInt(Math.round(scale ** 2 / target(level - 1))), step, taken));
    if (prime === undefined) return undefined;
    primes.unshift(prime);
    scales.unshift(scale ** 2 / Number(prime));
  }
  const base = take(primeNearest(BigInt(Math.round(scales[0] * 2 ** ratioBits)), step, taken));
  if (base === undefined) return undefined;
  primes.unshift(base);
  const parameters = { ringDegree, primes, specialPrimes: special, scales, secure: false };
  return { ...parameters, secure: isSecure(parameters) };
}
