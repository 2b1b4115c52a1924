import type { Diagonals } from './diagonals.ts';

/**
 * Two real diagonals in one complex product. Of a real vector x the combination z = x + i s rot(x, turn), s the signs +1 and -1 of even and odd slots
 * (`slots.mul_i`), takes one rotation and no level. In a slot where z holds x_1 + i s x_2, the real part of (w_1 - i s w_2) z is w_1 x_1 + w_2 x_2: the
 * products of the diagonals `d` and `d + turn`. Half the sum with its conjugate, once for a whole linear map, is that real part.
 */
export interface DiagonalPairs {
  /** What the vector is rotated by for its imaginary part; 0: it stays real. */
  readonly turn: number;
  /** The diagonal of each pair that reads the real parts. */
  readonly real: Int32Array;
  /** The one `turn` steps on, which reads the imaginary parts; -1 where there is none. */
  readonly imaginary: Int32Array;
}

/** The fewest pairs that one `turn` gives: runs of diagonals `turn` steps apart are cut into twos. */
function pairBy(turn: number, { input, output, steps, modulus }: Diagonals, outputs: number): DiagonalPairs {
  const key = (k: number, by: number): number =>
    (input[k] * outputs + output[k]) * modulus + ((steps[k] + by) & (modulus - 1));
  const at = new Map<number, number>();
  for (let k = 0; k < steps.length; k++) at.set(key(k, 0), k);
  const real: number[] = [];
  const imaginary: number[] = [];
  const taken = new Uint8Array(steps.length);
  const cut = (start: number): void => {
    for (let k: number | undefined = start; k !== undefined && taken[k] === 0;) {
      taken[k] = 1;
      const next = at.get(key(k, turn));
      const partner = next !== undefined && taken[next] === 0 ? next : undefined;
      real.push(k);
      imaginary.push(partner ?? -1);
      if (partner === undefined) return;
      taken[partner] = 1;
      k = at.get(key(partner, turn));
    }
  };
  // Runs first; what is left are full circles.
  for (let k = 0; k < steps.length; k++) if (!at.has(key(k, -turn))) cut(k);
  for (let k = 0; k < steps.length; k++) cut(k);
  return { turn, real: Int32Array.from(real), imaginary: Int32Array.from(imaginary) };
}

/** Every diagonal by itself, on real slots. */
export const singleDiagonals = ({ steps }: Diagonals): DiagonalPairs => ({
  turn: 0,
  real: Int32Array.from(steps, (_, k) => k),
  imaginary: new Int32Array(steps.length).fill(-1),
});

/** The pairs of the power of two that needs fewest; of equal ones the largest, since the steps of the pairs are then densest. */
export function pairDiagonals(diagonals: Diagonals): DiagonalPairs {
  const outputs = diagonals.output.reduce((most, v) => Math.max(most, v), 0) + 1;
  let best = singleDiagonals(diagonals);
  for (let turn = diagonals.modulus / 2; turn >= 1; turn /= 2) {
    const pairs = pairBy(turn, diagonals, outputs);
    if (pairs.real.length < best.real.length) best = pairs;
  }
  return best;
}
