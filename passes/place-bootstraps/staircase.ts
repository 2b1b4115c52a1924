/** What two solutions are compared by. */
export interface Priced {
  readonly seconds: number;
  readonly error: number;
}

/** Solutions none of which is better than another in both seconds and error: by rising seconds and falling error. */
export class Staircase<S extends Priced> {
  readonly #steps: S[] = [];
  readonly #unit: number;

  /** With a `unit` above 0, of solutions within one unit of seconds only the one of least error is kept. */
  constructor(unit: number) {
    this.#unit = unit;
  }

  get steps(): readonly S[] {
    return this.#steps;
  }

  /** Whether a solution kept here is at least as good in both. */
  covers({ seconds, error }: Priced): boolean {
    const at = this.#after(this.#time(seconds));
    return at > 0 && this.#steps[at - 1].error <= error;
  }

  add(solution: S): void {
    if (this.covers(solution)) return;
    const time = this.#time(solution.seconds);
    let from = this.#after(time);
    let end = from;
    while (from > 0 && this.#time(this.#steps[from - 1].seconds) === time) from--;
    while (end < this.#steps.length && this.#steps[end].error >= solution.error) end++;
    this.#steps.splice(from, end - from, solution);
  }

  #time(seconds: number): number {
    return this.#unit > 0 ? Math.floor(seconds / this.#unit) : seconds;
  }

  /** The first index whose time is above `time`. */
  #after(time: number): number {
    let low = 0;
    let high = this.#steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#time(this.#steps[middle].seconds) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
