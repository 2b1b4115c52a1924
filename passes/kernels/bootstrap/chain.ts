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
  /** log2 of the primes of EvalMod and CoeffsToSlots, from the bottom. */
  readonly highBits: readonly number[];
  readonly specialPrimes: number;
  /** log2 of each special prime. */
  readonly specialBits: number;
}

/**
 * log2 of the scale of each level. The house's rule scale[l - 1] = scale[l]^2 / prime[l] makes every scale the geometric mean of the prime and of the scale
 * below it: above the user's scale the distance to the primes halves from level to level. What the scale lacks there, the numbers have: EvalMod's
 * amplitudes grow on the way down (eval-mod.ts), so that no precision is lost.
 */
function targetBits({ scaleBits, lowLevels, highBits }: ChainRequest): number[] {
  const bits = new Array<number>(lowLevels + 1).fill(scaleBits);
  for (const prime of highBits) bits.push((bits[bits.length - 1] + prime) / 2);
  return bits;
}

/**
 * Chooses the primes, each nearest to what brings the next scale to its target, so that scales do not drift. Undefined when there are not
 * enough primes of some size. Check `secure`.
 */
export function makeChain(request: ChainRequest): Parameters | undefined {
  const { ringDegree, ratioBits, specialPrimes, specialBits } = request;
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
  const target = targetBits(request).map((bits) => 2 ** bits);
  const top = target.length - 1;
  const scales = [target[top]];
  const primes: bigint[] = [];
  for (let level = top; level > 0; level--) {
    const [scale] = scales;
    const prime = take(primeNearest(BigInt(Math.round(scale ** 2 / target[level - 1])), step, taken));
    if (prime === undefined) return undefined;
    primes.unshift(prime);
    scales.unshift(scale ** 2 / Number(prime));
  }
  const base = take(primeBelow(BigInt(Math.floor(scales[0] * 2 ** ratioBits)), step, taken));
  if (base === undefined) return undefined;
  primes.unshift(base);
  const parameters = { ringDegree, primes, specialPrimes: special, scales, secure: false };
  return { ...parameters, secure: isSecure(parameters) };
}
