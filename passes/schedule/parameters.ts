import { isSecure, maxModulusBits, type Parameters } from '../../ir/ckks/parameters.ts';
import { primeBelow, primeNearest } from './primes.ts';

/** Bits that the base prime has above the scale: room for values up to 2^(headroom - 1). */
export const defaultHeadroomBits = 8;

/** Larger scales buy no accuracy: weights are stored as 32-bit floats. With the headroom the base prime stays below {@link fastPrimeBits}. */
export const scaleBitsCap = 40;

/** Smaller scales leave hardly any precision above the noise of one rescale. */
export const scaleBitsFloor = 20;

/** SEAL's bound for every prime. */
const primeBitsCap = 60;

/** The widest primes that AVX-512 IFMA multiplies: the native engine takes twice as long and more for wider ones. */
const fastPrimeBits = 50;

/** No prime that is free to be narrower is wider than this. */
const widestPrime = (baseBits: number): number => Math.min(primeBitsCap, Math.max(fastPrimeBits, baseBits));

/**
 * The special prime has ten bits above the chain primes where it stays fast with them, and at least those of the base prime, so that the noise of a
 * key switch stays near its rounding.
 */
const specialBits = (scaleBits: number, headroomBits: number): number =>
  Math.min(widestPrime(scaleBits + headroomBits), scaleBits + Math.max(10, headroomBits));

/** The largest scale, in whole bits, with which `depth` rescales fit 128-bit security at this ring degree; may be too small to use. */
export function maxScaleBits(ringDegree: number, depth: number, headroomBits = defaultHeadroomBits): number {
  const budget = maxModulusBits.get(ringDegree) ?? 0;
  for (let bits = Math.min(scaleBitsCap, fastPrimeBits - headroomBits); bits > 0; bits--) {
    if (bits * (depth + 1) + headroomBits + specialBits(bits, headroomBits) <= budget) return bits;
  }
  return 0;
}

/** The smallest ring degree whose 128-bit budget holds `depth` rescales at `scaleBits`; undefined when none does. */
export function smallestRingDegree(
  depth: number,
  scaleBits: number,
  headroomBits = defaultHeadroomBits,
): number | undefined {
  return [...maxModulusBits.keys()]
    .sort((a, b) => a - b)
    .find((ringDegree) => maxScaleBits(ringDegree, depth, headroomBits) >= scaleBits);
}

export interface ParametersRequest {
  readonly ringDegree: number;
  /** Rescales on the longest path: the chain has one prime more. */
  readonly depth: number;
  readonly scaleBits: number;
  readonly headroomBits: number;
}

/**
 * Chooses the primes. Level by level from the top, the prime nearest to scales[l]^2 / 2^scaleBits brings the next scale back to
 * 2^scaleBits but for the gap between primes, so that scales do not drift apart however deep the chain is. The special prime takes
 * what the security budget leaves, up to 50 bits. Undefined when there are not enough primes of this size. Check `secure`.
 */
export function makeParameters(request: ParametersRequest): Parameters | undefined {
  const { ringDegree, depth, scaleBits, headroomBits } = request;
  const step = BigInt(2 * ringDegree);
  const base = primeBelow(1n << BigInt(scaleBits + headroomBits), step, new Set());
  if (base === undefined) return undefined;
  const taken = new Set([base]);
  const chain: bigint[] = [];
  const scales = [2 ** scaleBits];
  for (let level = depth; level > 0; level--) {
    const scale = scales[0];
    const prime = primeNearest(BigInt(Math.round((scale * scale) / 2 ** scaleBits)), step, taken);
    if (prime === undefined) return undefined;
    taken.add(prime);
    chain.unshift(prime);
    scales.unshift((scale * scale) / Number(prime));
  }
  const primes = [base, ...chain];
  const used = primes.reduce((bits, q) => bits + Math.log2(Number(q)), 0);
  const budget = maxModulusBits.get(ringDegree) ?? Infinity;
  const wanted = specialBits(scaleBits, headroomBits);
  const left = Math.min(widestPrime(scaleBits + headroomBits), budget - used);
  const bits = left >= wanted - 0.5 ? left : wanted;
  const special = primeBelow(BigInt(Math.floor(2 ** bits)), step, taken);
  if (special === undefined) return undefined;
  const parameters = { ringDegree, primes, specialPrimes: [special], scales, secure: false };
  return { ...parameters, secure: isSecure(parameters) };
}
