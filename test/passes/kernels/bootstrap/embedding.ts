import { zeroVector, type ComplexVector } from '../../../../passes/kernels/bootstrap/complex-diagonals.ts';

/** The canonical embedding of CKKS by its definition, in SEAL's order of slots: quadratic time, for tests. */
function powers(slots: number): Int32Array {
  const result = new Int32Array(slots);
  let power = 1;
  for (let j = 0; j < slots; j++) {
    result[j] = power;
    power = (power * 3) % (4 * slots);
  }
  return result;
}

const roots = (slots: number): ComplexVector => ({
  re: Float64Array.from({ length: 4 * slots }, (_, k) => Math.cos((Math.PI * k) / (2 * slots))),
  im: Float64Array.from({ length: 4 * slots }, (_, k) => Math.sin((Math.PI * k) / (2 * slots))),
});

/** The slots of the real polynomial with these coefficients (twice as many as slots). */
export function slotsOfPolynomial(coefficients: Float64Array): ComplexVector {
  const slots = coefficients.length / 2;
  const root = roots(slots);
  const out = zeroVector(slots);
  powers(slots).forEach((power, j) => {
    for (let k = 0; k < coefficients.length; k++) {
      const e = (power * k) % (4 * slots);
      out.re[j] += coefficients[k] * root.re[e];
      out.im[j] += coefficients[k] * root.im[e];
    }
  });
  return out;
}

/** The real coefficients of the polynomial with these slots. */
export function polynomialOfSlots(w: ComplexVector): Float64Array {
  const slots = w.re.length;
  const root = roots(slots);
  const out = new Float64Array(2 * slots);
  powers(slots).forEach((power, j) => {
    for (let k = 0; k < out.length; k++) {
      const e = (power * k) % (4 * slots);
      out[k] += (w.re[j] * root.re[e] + w.im[j] * root.im[e]) / slots;
    }
  });
  return out;
}

export function bitReverse(k: number, bits: number): number {
  let out = 0;
  for (let b = 0; b < bits; b++) if (k & (1 << b)) out |= 1 << (bits - 1 - b);
  return out;
}
