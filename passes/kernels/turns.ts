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

/** The turns of complex vectors: without the imaginary unit, which adds nothing to complex weights. */
export const complexTurnsOf = (steps: readonly number[], copies: number): Turn[] =>
  steps.map((by, i) => ({ steps: by, power: copies / 2 ** (i + 1) }));

/** The slots of monomials, looked up: slot j of X^power is exp(2 pi i turn / (4 slots)). */
export class Phases {
  readonly slots: number;
  /** 3^j modulo 4 slots. */
  readonly #raise: Int32Array;
  readonly #cosines: Float64Array;

  constructor(slots: number) {
    this.slots = slots;
    this.#raise = new Int32Array(slots);
    for (let j = 0, power = 1; j < slots; j++, power = (3 * power) % (4 * slots)) this.#raise[j] = power;
    this.#cosines = Float64Array.from({ length: 4 * slots }, (_, k) => Math.cos((Math.PI * k) / (2 * slots)));
  }

  /** `power` times 3^slot modulo 4 slots: the turn of X^power in a slot, and the power that a rotation by so many slots makes of it. */
  turn(power: number, slot: number): number {
    return Math.imul(power, this.#raise[slot & (this.slots - 1)]) & (4 * this.slots - 1);
  }

  cosine(turn: number): number {
    return this.#cosines[turn];
  }

  sine(turn: number): number {
    return this.#cosines[(turn - this.slots) & (4 * this.slots - 1)];
  }
}

/** The power of the monomial that each subset of the turns ends up with, modulo 4 slots: a rotation by t takes X^e to its 3^t-fold power. */
export function turnedPowers(turns: readonly Turn[], slots: number): number[] {
  const raise = (power: number, steps: number): number => {
    let result = power;
    const by = ((steps % slots) + slots) % slots;
    for (let t = 0; t < by; t++) result = (3 * result) % (4 * slots);
    return result;
  };
  return turns.reduce<number[]>(
    (powers, { steps, power }) => [...powers, ...powers.map((e) => (power + raise(e, steps)) % (4 * slots))],
    [0],
  );
}

/** Makes the public vectors of groups on vectors that were turned so; `copies` is 0 on real slots, where vectors are those of the diagonals. */
export class GroupVectors {
  readonly #share: number;
  readonly #powers: readonly number[];
  readonly #phases: Phases | undefined;

  constructor(turns: readonly Turn[], copies: number, slots: number) {
    this.#share = copies === 0 ? 1 : 1 / (2 * copies);
    this.#powers = turnedPowers(turns, slots);
    this.#phases = turns.length === 0 ? undefined : new Phases(slots);
  }

  /**
   * sum of w_h conj(m_h) / 2 copies over the subsets h, for products with the turned vector rotated by `baby`; `weights` are those of the diagonals, slot by
   * slot, undefined where a group has none. Real where only the subset of no turn has some.
   */
  combine(
    weights: readonly (Float64Array | undefined)[],
    baby: number,
  ): { readonly real: Float64Array; readonly imaginary?: Float64Array } {
    const [untouched, ...turned] = weights;
    const share = this.#share;
    const phases = this.#phases;
    if (!phases || turned.every((vector) => vector === undefined))
      return { real: untouched ? untouched.map((w) => w * share) : new Float64Array(1) };
    const real = new Float64Array(phases.slots);
    const imaginary = new Float64Array(phases.slots);
    weights.forEach((vector, h) => {
      if (!vector) return;
      const power = this.#powers[h];
      for (let j = 0; j < vector.length; j++) {
        if (vector[j] === 0) continue;
        const w = vector[j] * share;
        const turn = phases.turn(power, j + baby);
        real[j] += w * phases.cosine(turn);
        imaginary[j] -= w * phases.sine(turn);
      }
    });
    return { real, imaginary };
  }
}
