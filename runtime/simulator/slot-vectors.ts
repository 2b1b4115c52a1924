import type { ComplexVector, Embedding } from '../../ir/ckks/embedding.ts';
import { largestMagnitude, largestModulus } from '../largest-value.ts';
import * as slotwise from './slotwise.ts';

/** A vector of slots: its real parts and, where an op made some, its imaginary parts. A public vector may be one number for every slot. */
export interface Slots {
  readonly values: Float64Array;
  readonly imaginary?: Float64Array | undefined;
}

/** Noise of one operation: a run of `table` for each part, times `strength`. */
export interface Noise {
  readonly table: Float32Array;
  /** Where the next run begins. */
  readonly place: () => number;
  readonly strength: number;
}

/** Arithmetic on vectors of slots in buffers of a pool. Operands are never changed; results are the caller's to release. Real vectors stay real. */
export class SlotVectors {
  readonly #slots: number;
  readonly #pool: Float64Array[] = [];

  constructor(slots: number) {
    this.#slots = slots;
  }

  /** Buffers in the pool: all of them when nothing is alive. */
  get free(): number {
    return this.#pool.length;
  }

  release({ values, imaginary }: Slots): void {
    this.#pool.push(values);
    if (imaginary) this.#pool.push(imaginary);
  }

  sum(a: Slots, b: Slots, sign: 1 | -1): Slots {
    const values = this.#summed(a.values, b.values, sign);
    if (!b.imaginary) return a.imaginary ? { values, imaginary: this.#copied(a.imaginary) } : { values };
    if (!a.imaginary) return { values, imaginary: this.#times(b.imaginary, sign) };
    return { values, imaginary: this.#summed(a.imaginary, b.imaginary, sign) };
  }

  product(a: Slots, b: Slots): Slots {
    if (a.imaginary && b.imaginary) {
      const [values, imaginary] = [this.#buffer(), this.#buffer()];
      slotwise.mulAdd(values, a.values, b.values, a.imaginary, b.imaginary, -1);
      slotwise.mulAdd(imaginary, a.values, b.imaginary, a.imaginary, b.values, 1);
      return { values, imaginary };
    }
    const values = this.#multiplied(a.values, b.values);
    if (a.imaginary) return { values, imaginary: this.#multiplied(a.imaginary, b.values) };
    return b.imaginary ? { values, imaginary: this.#multiplied(a.values, b.imaginary) } : { values };
  }

  negated(a: Slots): Slots {
    return { values: this.#times(a.values, -1), ...(a.imaginary && { imaginary: this.#times(a.imaginary, -1) }) };
  }

  copy(a: Slots): Slots {
    const values = this.#copied(a.values);
    return a.imaginary ? { values, imaginary: this.#copied(a.imaginary) } : { values };
  }

  /** The slots `steps` to the left, with noise in every part. */
  rotated(a: Slots, steps: number, noise: Noise): Slots {
    const values = this.#noisy(a.values, steps, noise);
    return a.imaginary ? { values, imaginary: this.#noisy(a.imaginary, steps, noise) } : { values };
  }

  /** The complex conjugate, with noise in every part. */
  conjugated(a: Slots, noise: Noise): Slots {
    const noisy = this.rotated(a, 0, noise);
    if (noisy.imaginary) slotwise.mulNumber(noisy.imaginary, noisy.imaginary, -1);
    return noisy;
  }

  /** Times i in the even slots, -i in the odd ones. */
  timesMonomial(a: Slots): Slots {
    const [values, imaginary] = [this.#buffer(), this.#buffer()];
    slotwise.alternate(imaginary, a.values, 1);
    if (a.imaginary) slotwise.alternate(values, a.imaginary, -1);
    else values.fill(0);
    return { values, imaginary };
  }

  /** a + factor * b, complex. */
  plusMultiple(a: Slots, b: ComplexVector, factor: number): Slots {
    const [values, imaginary] = [this.#buffer(), this.#buffer()];
    slotwise.addMultiple(values, a.values, b.real, factor);
    if (a.imaginary) slotwise.addMultiple(imaginary, a.imaginary, b.imaginary, factor);
    else slotwise.mulNumber(imaginary, b.imaginary, factor);
    return { values, imaginary };
  }

  #buffer(): Float64Array {
    return this.#pool.pop() ?? new Float64Array(this.#slots);
  }

  #times(part: Float64Array, factor: number): Float64Array {
    const out = this.#buffer();
    slotwise.mulNumber(out, part, factor);
    return out;
  }

  #copied(part: Float64Array): Float64Array {
    const out = this.#buffer();
    out.set(part);
    return out;
  }

  #noisy(part: Float64Array, steps: number, { table, place, strength }: Noise): Float64Array {
    const out = this.#buffer();
    slotwise.rotateWithNoise(out, part, steps, table, place(), strength);
    return out;
  }

  #summed(a: Float64Array, b: Float64Array, sign: 1 | -1): Float64Array {
    const out = this.#buffer();
    if (b.length === 1) slotwise.addNumber(out, a, sign * b[0]);
    else if (sign > 0) slotwise.add(out, a, b);
    else slotwise.sub(out, a, b);
    return out;
  }

  #multiplied(a: Float64Array, b: Float64Array): Float64Array {
    const out = this.#buffer();
    if (b.length === 1) slotwise.mulNumber(out, a, b[0]);
    else slotwise.mul(out, a, b);
    return out;
  }
}

/** The largest absolute value in any slot; NaN when any is NaN. */
export const largestSlot = ({ values, imaginary }: Slots): number =>
  imaginary ? largestModulus(values, imaginary) : largestMagnitude(values);

/** The largest absolute coefficient of the polynomial that has these slots. */
export function largestCoefficient({ toCoefficients }: Embedding, { values, imaginary }: Slots): number {
  return largestMagnitude(toCoefficients({ real: values, imaginary: imaginary ?? new Float64Array(values.length) }));
}
