import { makeEmbedding } from '../../ir/ckks/embedding.ts';
import { normal, type Random } from './random.ts';
import type { ComplexSlots } from './slot-vectors.ts';

/**
 * What raising the modulus adds to a message, in multiples of the base prime q: c_0 + c_1 s, with coefficients of c_0 and c_1 between -q/2 and q/2,
 * is the message plus q I, where a coefficient of I is a rounded sum of h + 1 uniform numbers for a secret of Hamming weight h: mean 0 and variance
 * (h + 1) / 12 (Bossuat, Troncoso-Pastoriza, Hubaux, ACNS 2022, section 4.2). Gives the slots of such an I. Rounding a normal number adds the
 * variance 1 / 12 to its own.
 */
export function overflows(ringDegree: number): (random: Random, hammingWeight: number) => ComplexSlots {
  const embedding = makeEmbedding(ringDegree);
  return (random, hammingWeight) => {
    const deviation = Math.sqrt(hammingWeight / 12);
    // No coefficient can exceed half the number of uniform terms.
    const most = (hammingWeight + 1) / 2;
    const multiple = (): number => Math.round(Math.max(-most, Math.min(most, deviation * normal(random))));
    const { real, imaginary } = embedding.toSlots(Float64Array.from({ length: ringDegree }, multiple));
    return { values: real, imaginary };
  };
}
