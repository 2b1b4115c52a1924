import { InternalError } from '../../../ir/diagnostics.ts';

/**
 * Raising the modulus of m adds q_0 I: x = m / q_0 + I = (c_0 + c_1 s) / q_0 is a sum of h + 1 numbers that are uniform on [-1/2, 1/2], for a ternary
 * secret of Hamming weight h. Its distribution is that of Irwin and Hall. Bootstrapping fails when some |x| is above the bound K of its
 * interval (Bossuat, Troncoso-Pastoriza, Hubaux, eprint 2022/024, section 2.4 and table 1: 2^-138.7 for h = 32, K = 16, N = 2^16).
 */
export const overflowDeviation = (weight: number): number => Math.sqrt((weight + 1) / 12);

/** log2 of a positive ratio of big integers. */
function log2Ratio(numerator: bigint, denominator: bigint): number {
  const log2 = (x: bigint): number => {
    const bits = x.toString(2).length;
    const shift = Math.max(0, bits - 60);
    return Math.log2(Number(x >> BigInt(shift))) + shift;
  };
  return log2(numerator) - log2(denominator);
}

/**
 * -log2 of the probability that one of `coefficients` numbers leaves [-bound, bound]; Infinity when none can. Exact up to the union bound: the
 * tail is the sum over i of (-1)^i C(n, i) (n/2 - bound - i)^n / n!, n = weight + 1, over the i that leave the base positive. `bound` is a
 * whole number.
 */
export function failureBits(weight: number, bound: number, coefficients: number): number {
  if (!Number.isInteger(bound) || bound < 0) throw new InternalError(`bound ${bound} is not a whole number`);
  const n = weight + 1;
  let tail = 0n;
  let binomial = 1n;
  let factorial = 1n;
  for (let i = 1; i <= n; i++) factorial *= BigInt(i);
  for (let i = 0; n - 2 * bound - 2 * i > 0; i++) {
    const term = binomial * BigInt(n - 2 * bound - 2 * i) ** BigInt(n);
    tail += i % 2 === 0 ? term : -term;
    binomial = (binomial * BigInt(n - i)) / BigInt(i + 1);
  }
  if (tail <= 0n) return Infinity;
  return -(log2Ratio(tail, factorial << BigInt(n)) + 1 + Math.log2(coefficients));
}

/** The least bound that fails with a probability of at most 2^-bits. */
export function leastBound(weight: number, coefficients: number, bits: number): number {
  let low = 0;
  let high = Math.ceil((weight + 1) / 2);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (failureBits(weight, middle, coefficients) >= bits) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The weight that a uniform ternary secret of `ringDegree` coefficients exceeds with a probability below 2^-40: 7.3 deviations above 2N/3. */
export const denseWeight = (ringDegree: number): number =>
  Math.min(ringDegree, Math.ceil((2 * ringDegree) / 3 + 7.3 * Math.sqrt((2 * ringDegree) / 9)));
