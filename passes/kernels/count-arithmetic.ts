import type { Arithmetic } from './arithmetic.ts';

/** What a kernel costs. Deterministic, so that tests pin it. */
export interface KernelCost {
  readonly rotations: number;
  readonly conjugations: number;
  /** Products of two encrypted vectors. */
  readonly multiplications: number;
  /** Products with a public vector or number. */
  readonly plainMultiplications: number;
  /** The distinct rotation steps (each needs a Galois key), ascending. */
  readonly steps: readonly number[];
}

/** Seconds (or any unit) for one operation, and the worth of one rotation key less; all above 0. */
export interface OperationCosts {
  readonly rotation: number;
  /** Infinity: kernels stay on real slots. */
  readonly conjugation: number;
  readonly multiplication: number;
  /** Including the encoding of the public vector. */
  readonly plainMultiplication: number;
  readonly key: number;
}

/** SEAL 4.1.2 in WebAssembly at N = 2^14 with about 10 primes, in seconds; a key (35 MB) is set to be worth a third of a rotation. Networks there stay on real slots. */
export const sealCosts: OperationCosts = {
  rotation: 0.04,
  conjugation: Infinity,
  multiplication: 0.05,
  plainMultiplication: 0.008,
  key: 0.013,
};

/** A vector for counting is its multiplicative depth: products, with plain vectors too, on the longest way to it. */
export interface CountingArithmetic extends Arithmetic<number> {
  readonly cost: () => KernelCost;
}

/** Counts what kernels do, without doing it. */
export function countArithmetic(slots: number): CountingArithmetic {
  let rotations = 0;
  let conjugations = 0;
  let multiplications = 0;
  let plainMultiplications = 0;
  const steps = new Set<number>();
  const deeper = Math.max;
  return {
    slots,
    add: deeper,
    sub: deeper,
    mul: (a, b) => {
      multiplications++;
      return Math.max(a, b) + 1;
    },
    mulPlain: (a) => {
      plainMultiplications++;
      return a + 1;
    },
    addPlain: (a) => a,
    rotate: (a, by) => {
      rotations++;
      steps.add(by);
      return a;
    },
    negate: (a) => a,
    conjugate: (a) => {
      conjugations++;
      return a;
    },
    mulMonomial: (a) => a,
    cost: () => ({
      rotations,
      conjugations,
      multiplications,
      plainMultiplications,
      steps: [...steps].sort((a, b) => a - b),
    }),
  };
}
