/**
 * The rotations and monomials of group-diagonals.ts for vectors of which `copies` copies, a power of two, are summed: z_(i+1) = z_i + X^(e_i) rot(z_i, t_i).
 * The first e is N/2, the imaginary unit; the others are the powers of two below `copies`, falling. By 3^(slots / copies) = 1 + odd * 2N / copies modulo
 * 2N, X^e takes the powers of a root of unity of order copies / e from copy to copy: sums of the e are different characters of the copies, whose
 * products with one another vanish in the sum over them.
 */
export interface Turn {
  readonly steps: number;
  readonly power: number;
}

export const turnsOf = (steps: readonly number[], copies: number, slots: number): Turn[] =>
  steps.map((by, i) => ({ steps: by, power: i === 0 ? slots : copies / 2 ** i }));

/** What each subset of the turns, bit i for turn i, rotates by. */
export const turnedSteps = (steps: readonly number[]): number[] =>
  steps.reduce<number[]>((all, by) => [...all, ...all.map((s) => s + by)], [0]);

/** 3^j modulo 4 slots, for each slot j. */
function powersOfThree(slots: number): Int32Array {
  const powers = new Int32Array(slots);
  for (let j = 0, power = 1; j < slots; j++, power = (3 * power) % (4 * slots)) powers[j] = power;
  return powers;
}

/** The power of the monomial that each subset of the turns ends up with, modulo 4 slots: a rotation by t takes X^e to its 3^t-fold power. */
function turnedPowers(turns: readonly Turn[], slots: number): number[] {
  const raise = powersOfThree(slots);
  return turns.reduce<number[]>(
    (powers, { steps, power }) => [
      ...powers,
      ...powers.map((e) => (power + Math.imul(e, raise[steps])) & (4 * slots - 1)),
    ],
    [0],
  );
}

/** Makes the public vectors of groups on vectors that were turned so; `copies` is 0 on real slots, where vectors are those of the diagonals. */
export class GroupVectors {
  readonly #slots: number;
  readonly #share: number;
  readonly #powers: readonly number[];
  readonly #raise: Int32Array;
  readonly #cosines: Float64Array;

  constructor(turns: readonly Turn[], copies: number, slots: number) {
    this.#slots = slots;
    this.#share = copies === 0 ? 1 : 1 / (2 * copies);
    this.#powers = turnedPowers(turns, slots);
    this.#raise = turns.length === 0 ? new Int32Array(0) : powersOfThree(slots);
    this.#cosines =
      turns.length === 0
        ? Float64Array.of(1)
        : Float64Array.from({ length: 4 * slots }, (_, k) => Math.cos((Math.PI * k) / (2 * slots)));
  }

  /**
   * sum of w_h conj(m_h) / 2 copies over the subsets h, for products with the turned vector rotated by `baby`; `weights` are those of the diagonals, slot by
   * slot, undefined where a group has none. Real where only the subset of no turn has some.
   */
  combine(
    weights: readonly (Float64Array | undefined)[],
    baby: number,
  ): { readonly real: Float64Array; readonly imaginary?: Float64Array } {
    const slots = this.#slots;
    const [untouched, ...turned] = weights;
    const share = this.#share;
    if (turned.every((vector) => vector === undefined))
      return { real: untouched ? untouched.map((w) => w * share) : new Float64Array(1) };
    const real = new Float64Array(slots);
    const imaginary = new Float64Array(slots);
    weights.forEach((vector, h) => {
      if (!vector) return;
      const power = this.#powers[h];
      for (let j = 0; j < slots; j++) {
        if (vector[j] === 0) continue;
        const w = vector[j] * share;
        const turn = Math.imul(power, this.#raise[(j + baby) & (slots - 1)]);
        real[j] += w * this.#cosines[turn & (4 * slots - 1)];
        // cos(a + pi / 2) = -sin(a), the imaginary part of the conjugate.
        imaginary[j] += w * this.#cosines[(turn + slots) & (4 * slots - 1)];
      }
    });
    return { real, imaginary };
  }
}
