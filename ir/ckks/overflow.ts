import type { ComplexVector, Embedding } from './embedding.ts';

/** The Hamming weight that a dense ternary secret has on average. */
export const averageDenseWeight = (ringDegree: number): number => Math.round((2 * ringDegree) / 3);

/**
 * What raising the modulus adds to a message, in multiples of the base prime q: c_0 + c_1 s, with coefficients of c_0 and c_1 between -q/2 and q/2,
 * is the message plus q I, where a coefficient of I is a rounded sum of h + 1 uniform numbers for a secret of Hamming weight h: mean 0 and variance
 * (h + 1) / 12 (Bossuat, Troncoso-Pastoriza, Hubaux, ACNS 2022, section 4.2). Gives the slots of such an I. `normal`: standard normal numbers;
 * rounding one adds the variance 1 / 12 to its own.
 */
export function drawOverflow(embedding: Embedding, hammingWeight: number, normal: () => number): ComplexVector {
  const deviation = Math.sqrt(hammingWeight / 12);
  // No coefficient can exceed half the number of uniform terms.
  const most = (hammingWeight + 1) / 2;
  const multiples = new Float64Array(embedding.ringDegree);
  for (let i = 0; i < multiples.length; i++)
    multiples[i] = Math.round(Math.max(-most, Math.min(most, deviation * normal())));
  return embedding.toSlots(multiples);
}
