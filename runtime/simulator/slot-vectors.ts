import { largestMagnitude, largestModulus } from '../largest-value.ts';
import * as slotwise from './slotwise.ts';

/** A vector of slots: its real parts and, where an op made some, its imaginary parts. A public vector may be one number for every slot. */
export interface Slots {
  readonly values: Float64Array;
  readonly imaginary?: Float64Array | undefined;
}

export interface ComplexSlots extends Slots {
  readonly imaginary: Float64Array;
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
    const part = (x: Float64Array, y: Float64Array): Float64Array => {
      const out = this.#buffer();
      if (y.length === 1) slotwise.addNumber(out, x, sign * y[0]);
      else if (sign > 0) slotwise.add(out, x, y);
      else slotwise.sub(out, x, y);
      return out;
    };
    const values = part(a.values, b.values);
    if (!b.imaginary) return this.#with(values, a.imaginary);
    if (a.imaginary) return { values, imaginary: part(a.imaginary, b.imaginary) };
    const imaginary = this.#buffer();
    slotwise.mulNumber(imaginary, b.imaginary, sign);
    return { values, imaginary };
  }

  product(a: Slots, b: Slots): Slots {
    const part = (x: Float64Array, y: Float64Array): Float64Array => {
      const out = this.#buffer();
      if (y.length === 1) slotwise.mulNumber(out, x, y[0]);
      else slotwise.mul(out, x, y);
      return out;
    };
    if (!a.imaginary && !b.imaginary) return { values: part(a.values, b.values) };
    if (!b.imaginary || !a.imaginary) {
      const imaginary = a.imaginary ? part(a.imaginary, b.values) : part(a.values, b.imaginary ?? b.values);
      return { values: part(a.values, b.values), imaginary };
    }
    const [values, imaginary] = [this.#buffer(), this.#buffer()];
    slotwise.mulAdd(values, a.values, b.values, a.imaginary, b.imaginary, -1);
    slotwise.mulAdd(imaginary, a.values, b.imaginary, a.imaginary, b.values, 1);
    return { values, imaginary };
  }

  negated(a: Slots): Slots {
    return { values: this.#times(a.values, -1), ...(a.imaginary && { imaginary: this.#times(a.imaginary, -1) }) };
  }

  copy(a: Slots): Slots {
    return this.#with(this.#copied(a.values), a.imaginary);
  }

  /** The slots `steps` to the left, with noise in every part. */
  rotated(a: Slots, steps: number, noise: Noise): Slots {
    const part = (x: Float64Array): Float64Array => {
      const out = this.#buffer();
      slotwise.rotateWithNoise(out, x, steps, noise.table, noise.place(), noise.strength);
      return out;
    };
    const values = part(a.values);
    return a.imaginary ? { values, imaginary: part(a.imaginary) } : { values };
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
  plusMultiple(a: Slots, b: ComplexSlots, factor: number): Slots {
    const [values, imaginary] = [this.#buffer(), this.#buffer()];
    slotwise.addMultiple(values, a.values, b.values, factor);
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

  /** `values` with a copy of the imaginary parts, if there are any. */
  #with(values: Float64Array, imaginary: Float64Array | undefined): Slots {
    return imaginary ? { values, imaginary: this.#copied(imaginary) } : { values };
  }
}

/** The largest absolute value in any slot; NaN when any is NaN. */
export const largestSlot = ({ values, imaginary }: Slots): number =>
  imaginary ? largestModulus(values, imaginary) : largestMagnitude(values);
