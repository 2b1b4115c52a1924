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
  'conjugate',
  'mul_i',
  'mod_raise',
  'switch_key',
] as const;

export type CostedOp = (typeof costedOps)[number];

/** Milliseconds of an op on an operand (for mod_raise: to a result) of `l` primes: a + b * l + c * l^2. */
export type Coefficients = readonly [a: number, b: number, c: number];

/** Costs of every op, for each ring degree that was measured (the keys are its decimal digits). */
export type CostTable = Readonly<Record<string, Readonly<Record<CostedOp, Coefficients>>>>;

/** SEAL 4.1 in WebAssembly (node-seal 6.0.3, Node 20), one thread of a 2-core server, medians: fits of measurements at 1 to 22 primes. */
export const sealWasmCosts: CostTable = {
  8192: {
    add: [0, 0.015, 0],
    sub: [0, 0.015, 0],
    negate: [0, 0.015, 0],
    mul: [0, 0.269, 0],
    add_plain: [0, 0.012, 0],
    mul_plain: [0.012, 0.115, 0],
    encode: [0.1, 0.16, 0],
    relinearize: [0.392, 0.577, 0.167],
    rescale: [0, 0.307, 0],
    mod_switch: [0, 0.015, 0],
    rotate: [0.392, 0.577, 0.167],
    conjugate: [0.392, 0.577, 0.167],
    mul_i: [0.012, 0.115, 0],
    mod_raise: [1.3, 0.75, 0],
    switch_key: [0.392, 1.05, 0.167],
  },
  16384: {
    add: [0, 0.03, 0],
    sub: [0, 0.03, 0],
    negate: [0, 0.03, 0],
    mul: [0, 0.494, 0],
    add_plain: [0, 0.025, 0],
    mul_plain: [0.029, 0.255, 0],
    encode: [0.25, 0.355, 0],
    relinearize: [0.824, 1.235, 0.339],
    rescale: [0, 0.625, 0],
    mod_switch: [0, 0.03, 0],
    rotate: [0.824, 1.235, 0.339],
    conjugate: [0.824, 1.235, 0.339],
    mul_i: [0.029, 0.255, 0],
    mod_raise: [2.7, 1.45, 0],
    switch_key: [0.824, 2.1, 0.339],
  },
  32768: {
    add: [0, 0.06, 0],
    sub: [0, 0.06, 0],
    negate: [0, 0.06, 0],
    mul: [0, 0.987, 0],
    add_plain: [0, 0.042, 0],
    mul_plain: [0.237, 0.471, 0],
    encode: [0.5, 0.78, 0],
    relinearize: [-0.148, 3.696, 0.664],
    rescale: [0, 1.348, 0],
    mod_switch: [0, 0.06, 0],
    rotate: [-0.148, 3.696, 0.664],
    conjugate: [-0.148, 3.696, 0.664],
    mul_i: [0.237, 0.471, 0],
    mod_raise: [5.5, 3.1, 0],
    switch_key: [-0.148, 5, 0.664],
  },
};
