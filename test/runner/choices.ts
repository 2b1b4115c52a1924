import * as fc from 'fast-check';

/** A stream of choices that a generator draws from; shrinks with the array behind it. After its end every choice is the first. */
export class Choices {
  readonly #tape: readonly number[];
  #next = 0;

  constructor(tape: readonly number[]) {
    this.#tape = tape;
  }

  get done(): boolean {
    return this.#next >= this.#tape.length;
  }

  /** An integer below `bound`. */
  int(bound: number): number {
    const value = this.done ? 0 : this.#tape[this.#next];
    this.#next++;
    return value % Math.max(1, bound);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)];
  }

  bool(): boolean {
    return this.int(2) === 1;
  }

  /** A number in [-2, 2] with 1/32 steps, so that sums stay exact. */
  number(): number {
    return (this.int(129) - 64) / 32;
  }

  numbers(count: number): number[] {
    return Array.from({ length: count }, () => this.number());
  }
}

export const arbitraryChoices = (maxLength = 300): fc.Arbitrary<Choices> =>
  fc.array(fc.nat(2 ** 20), { minLength: 5, maxLength, size: 'max' }).map((tape) => new Choices(tape));
