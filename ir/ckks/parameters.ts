/**
 * CKKS parameters of a compiled program (RNS variant of Cheon et al., SAC 2018). A ciphertext at level l lives modulo
 * primes[0] * ... * primes[l]; rescaling from level l divides by primes[l].
 */
export interface Parameters {
  /** N, a power of two; there are N / 2 slots. */
  readonly ringDegree: number;
  /** primes[0] is the base prime; each is 1 modulo 2N and below 2^60. */
  readonly primes: readonly bigint[];
  /** The key-switching (special) primes. SEAL has exactly one. */
  readonly specialPrimes: readonly bigint[];
  /** The scale of a fresh or rescaled ciphertext at each level, indexed by level: scales[l - 1] = scales[l]^2 / primes[l]. */
  readonly scales: readonly number[];
  /** False only for toy parameters made with --insecure-for-tests. */
  readonly secure: boolean;
}

export const slotCount = (p: Parameters): number => p.ringDegree / 2;
export const topLevel = (p: Parameters): number => p.primes.length - 1;

/** Whether SEAL can run programs of these parameters and make their keys: it has exactly one special prime. The native engine takes any number. */
export const fitsSeal = (p: Parameters): boolean => p.specialPrimes.length === 1;

/** log2 of the product of all primes, special ones included: what security depends on. */
export function modulusBits(p: Parameters): number {
  return [...p.primes, ...p.specialPrimes].reduce((bits, q) => bits + Math.log2(Number(q)), 0);
}

/**
 * The largest log2(QP) at 128-bit classical security for a dense ternary secret: Homomorphic Encryption Standard (2018), table 1,
 * and, for N = 2^16, the Security Guidelines for Implementing Homomorphic Encryption (2024).
 */
export const maxModulusBits: ReadonlyMap<number, number> = new Map([
  [1024, 27],
  [2048, 54],
  [4096, 109],
  [8192, 218],
  [16384, 438],
  [32768, 881],
  [65536, 1747],
]);

/** True when the parameters offer at least 128 bits of classical security. */
export function isSecure(p: Parameters): boolean {
  const limit = maxModulusBits.get(p.ringDegree);
  return limit !== undefined && Math.ceil(modulusBits(p) - 1e-9) <= limit;
}

/**
 * The largest log2 of base prime times first special prime, all that the key to the sparse secret lives modulo, at 128-bit security for Hamming weight 32.
 * For N = 2^13 and 2^14 an estimate with the lattice estimator (Albrecht, Player, Scott, J. Math. Cryptol. 9, 2015) for weight 31; for 2^15 it
 * gives 148.7 bits at 105, taken down to 128 in proportion; 121 is also what Lattigo ships at 2^16. Smaller rings have none.
 */
const maxSparseModulusBits: ReadonlyMap<number, number> = new Map([
  [8192, 42],
  [16384, 92],
  [32768, 121],
  [65536, 121],
]);

/** log2 of the modulus of the key to the sparse secret. */
export const sparseModulusBits = ({ primes, specialPrimes }: Parameters): number =>
  Math.log2(Number(primes[0])) + Math.log2(Number(specialPrimes[0] ?? 1n));

/** True when an ephemeral sparse secret of Hamming weight 32 or more offers at least 128 bits of classical security. */
export const isSparseSecure = (p: Parameters): boolean =>
  sparseModulusBits(p) <= (maxSparseModulusBits.get(p.ringDegree) ?? 0);
