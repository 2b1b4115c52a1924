import { fail, type Loc } from '../../ir/diagnostics.ts';

/**
 * What one import may spend on constants that it computes: a few nodes of a small file could otherwise ask for any amount of memory and time.
 */
export class FoldingBudget {
  #elements: number;
  #work = 2 ** 33;

  /** `given`: the numbers that the model itself holds; folding may make sixteen times as many, and some millions in any case. */
  constructor(given: number) {
    this.#elements = 2 ** 24 + 16 * given;
  }

  /** Takes the elements of a new constant and the multiplications that it costs. Throws FHE0205 when too little is left. */
  take(elements: number, work: number, loc: Loc): void {
    this.#elements -= elements;
    this.#work -= work;
    if (this.#elements < 0 || this.#work < 0) {
      fail('FHE0205', 'the constants that the model computes from its initialisers are too large', loc);
    }
  }
}
