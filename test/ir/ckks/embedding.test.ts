import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeEmbedding } from '../../../ir/ckks/embedding.ts';

const ringDegrees = [4, 8, 32, 128];

/** p(zeta^(3^j)) term by term. */
function direct(coefficients: Float64Array, j: number): [number, number] {
  const n = coefficients.length;
  let element = 1;
  for (let i = 0; i < j; i++) element = (element * 3) % (2 * n);
  let [real, imaginary] = [0, 0];
  coefficients.forEach((a, k) => {
    const angle = (Math.PI * ((element * k) % (2 * n))) / n;
    real += a * Math.cos(angle);
    imaginary += a * Math.sin(angle);
  });
  return [real, imaginary];
}

const vector = (length: number): fc.Arbitrary<Float64Array> =>
  fc
    .array(fc.integer({ min: -1000, max: 1000 }), { minLength: length, maxLength: length })
    .map((values) => Float64Array.from(values, (v) => v / 64));

describe.each(ringDegrees)('the embedding of ring degree %i', (ringDegree) => {
  const { toSlots, toCoefficients } = makeEmbedding(ringDegree);
  const slots = ringDegree / 2;

  test('is the value at the roots, and its inverse gives the coefficients back', () => {
    fc.assert(
      fc.property(vector(ringDegree), (coefficients) => {
        const { real, imaginary } = toSlots(coefficients);
        for (let j = 0; j < slots; j++) {
          const [x, y] = direct(coefficients, j);
          expect(real[j]).toBeCloseTo(x, 8);
          expect(imaginary[j]).toBeCloseTo(y, 8);
        }
        toCoefficients({ real, imaginary }).forEach((a, k) => expect(a).toBeCloseTo(coefficients[k], 9));
      }),
      { numRuns: 20 },
    );
  });

  test('turns X -> X^3 into a rotation by one to the left, X -> X^-1 into conjugation, X^(N/2) into i', () => {
    const coefficients = Float64Array.from({ length: ringDegree }, (_, k) => Math.sin(k * k));
    const image = (element: number): Float64Array => {
      const moved = new Float64Array(ringDegree);
      coefficients.forEach((a, k) => {
        const power = (element * k) % (2 * ringDegree);
        moved[power % ringDegree] = power < ringDegree ? a : -a;
      });
      return moved;
    };
    const { real, imaginary } = toSlots(coefficients);
    const rotated = toSlots(image(3));
    const conjugated = toSlots(image(2 * ringDegree - 1));
    for (let j = 0; j < slots; j++) {
      expect(rotated.real[j]).toBeCloseTo(real[(j + 1) % slots], 9);
      expect(rotated.imaginary[j]).toBeCloseTo(imaginary[(j + 1) % slots], 9);
      expect(conjugated.real[j]).toBeCloseTo(real[j], 9);
      expect(conjugated.imaginary[j]).toBeCloseTo(-imaginary[j], 9);
    }
    const unit = toSlots(Float64Array.from({ length: ringDegree }, (_, k) => (k === slots ? 1 : 0)));
    unit.real.forEach((x) => expect(x).toBeCloseTo(0, 12));
    // zeta^(e * N/2) is i for e = 1 modulo 4 and -i for e = 3.
    unit.imaginary.forEach((y, j) => expect(y).toBeCloseTo(j % 2 === 0 ? 1 : -1, 12));
  });
});
