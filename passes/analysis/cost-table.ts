/** The ops that cost time. */
export const costedOps = [
  'add',
  'sub',
  'negate',
  'mul',
  'add_plain',
  'mul_plain',
  'encode',
  'relinearize',
  'rescale',
  'mod_switch',
  'rotate',
] as const;

export type CostedOp = (typeof costedOps)[number];

/** Milliseconds of an op on an operand of `l` primes: a + b * l + c * l^2. */
export type Coefficients = readonly [a: number, b: number, c: number];

/** Costs of every op, for each ring degree that was measured (the keys are its decimal digits). */
export type CostTable = Readonly<Record<string, Readonly<Record<CostedOp, Coefficients>>>>;

/** One row from the milliseconds of one number-theoretic transform and of one pass over the residues of one prime. */
function row(transform: number, pass: number): Readonly<Record<CostedOp, Coefficients>> {
  return {
    add: [0, 2 * pass, 0],
    sub: [0, 2 * pass, 0],
    negate: [0, 2 * pass, 0],
    mul: [0, 8 * pass, 0],
    add_plain: [0, 2 * pass, 0],
    mul_plain: [0, 4 * pass, 0],
    encode: [4 * transform, transform, 0],
    relinearize: [0, transform, transform],
    rescale: [0, 2 * transform, 0],
    mod_switch: [0, pass, 0],
    rotate: [0, transform, transform],
  };
}

/**
 * SEAL 4.1 in WebAssembly, one thread. A key switch at l primes makes about l * (l + 1) transforms, which fits the rotations measured:
 * 5 ms at N = 2^13 with 5 primes, 33 ms at 2^14 with 9, 228 ms at 2^15 with 17.
 */
export const sealWasmCosts: CostTable = {
  4096: row(0.077, 0.008),
  8192: row(0.166, 0.016),
  16384: row(0.36, 0.033),
  32768: row(0.75, 0.066),
};
