import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conjugate, mulI } from '../../ir/ckks/bootstrap-ops.ts';
import { complexTensor, imaginaryPart, isComplex, realPart } from '../../ir/complex.ts';
import { makeEmbedding } from '../../ir/ckks/embedding.ts';
import { add, addPlain, mul, mulPlain, negate, rotate, sub } from '../../ir/ckks/ops.ts';
import type { Attrs, OpDefinition } from '../../ir/define.ts';
import { scalar, tensor, type Tensor } from '../../ir/tensor.ts';

const slots = 8;
const ringDegree = 2 * slots;
const embedding = makeEmbedding(ringDegree);

const part = fc
  .array(fc.integer({ min: -64, max: 64 }), { minLength: slots, maxLength: slots })
  .map((v) => Float64Array.from(v, (x) => x / 16));

/** A real vector, a complex one, or (where allowed) one number. */
const real = part.map((v) => tensor([slots], v));
const complex = fc.tuple(part, part).map(([re, im]) => complexTensor(re, im));
const vector = fc.oneof(real, complex);
const operand = fc.oneof(vector, fc.integer({ min: -8, max: 8 }).map(scalar));

/** The polynomial of a vector. */
function polynomial(x: Tensor): Float64Array {
  const spread = x.data.length === 1 ? tensor([slots], new Float64Array(slots).fill(x.data[0])) : x;
  return embedding.toCoefficients({ real: realPart(spread), imaginary: imaginaryPart(spread) });
}

/** Product modulo X^N + 1. */
function times(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(ringDegree);
  a.forEach((x, i) => b.forEach((y, j) => (out[(i + j) % ringDegree] += i + j < ringDegree ? x * y : -x * y)));
  return out;
}

/** p(X^element). */
function automorphism(a: Float64Array, element: number): Float64Array {
  const out = new Float64Array(ringDegree);
  a.forEach((x, k) => {
    const power = (element * k) % (2 * ringDegree);
    out[power % ringDegree] = power < ringDegree ? x : -x;
  });
  return out;
}

const run = (op: OpDefinition, operands: readonly Tensor[], attrs: Attrs = {}): Float64Array =>
  polynomial(op.eval(operands, attrs));

const close = (a: Float64Array, b: Float64Array): void => a.forEach((x, i) => expect(x).toBeCloseTo(b[i], 8));
const zip = (a: Float64Array, b: Float64Array, f: (x: number, y: number) => number): Float64Array =>
  a.map((x, i) => f(x, b[i]));

describe('ops on slots are the operations on polynomials', () => {
  test('of two operands', () => {
    fc.assert(
      fc.property(vector, operand, (a, b) => {
        const [p, q] = [polynomial(a), polynomial(b)];
        const ops = b.data.length === 1 ? [addPlain, mulPlain] : [addPlain, mulPlain, add, mul];
        for (const op of ops)
          close(run(op, [a, b]), op === add || op === addPlain ? zip(p, q, (x, y) => x + y) : times(p, q));
        if (b.data.length > 1)
          close(
            run(sub, [a, b]),
            zip(p, q, (x, y) => x - y),
          );
      }),
      { numRuns: 50 },
    );
  });

  test('of one operand: negation, automorphisms, the monomial X^(N/2)', () => {
    const monomial = Float64Array.from({ length: ringDegree }, (_, k) => (k === slots ? 1 : 0));
    fc.assert(
      fc.property(vector, (a) => {
        const p = polynomial(a);
        close(
          run(negate, [a]),
          zip(p, p, (x) => -x),
        );
        close(run(rotate, [a], { steps: 3 }), automorphism(p, 27));
        close(run(conjugate, [a]), automorphism(p, 2 * ringDegree - 1));
        close(run(mulI, [a]), times(p, monomial));
      }),
      { numRuns: 50 },
    );
  });

  test('real operands give real results, unless the op makes them complex', () => {
    const x = tensor([slots], new Float64Array(slots).fill(2));
    for (const op of [add, sub, mul, addPlain, mulPlain]) expect(isComplex(op.eval([x, x], {}))).toBe(false);
    for (const op of [negate, conjugate]) expect(isComplex(op.eval([x], {}))).toBe(false);
    expect(isComplex(rotate.eval([x], { steps: 1 }))).toBe(false);
    expect(isComplex(mulI.eval([x], {}))).toBe(true);
  });
});
