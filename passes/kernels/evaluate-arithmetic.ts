import type { Arithmetic } from './arithmetic.ts';

/** Runs kernels on plain vectors of `slots` doubles. */
export function evaluateArithmetic(slots: number): Arithmetic<Float64Array> {
  const zip = (a: Float64Array, b: Float64Array, f: (x: number, y: number) => number): Float64Array =>
    a.map((x, i) => f(x, b.length === 1 ? b[0] : b[i]));
  return {
    slots,
    add: (a, b) => zip(a, b, (x, y) => x + y),
    sub: (a, b) => zip(a, b, (x, y) => x - y),
    mul: (a, b) => zip(a, b, (x, y) => x * y),
    mulPlain: (a, v) => zip(a, v, (x, y) => x * y),
    addPlain: (a, v) => zip(a, v, (x, y) => x + y),
    rotate: (a, steps) => a.map((_, i) => a[(i + steps) % slots]),
    negate: (a) => a.map((x) => -x),
  };
}
