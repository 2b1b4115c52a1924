import { InternalError } from '../../diagnostics.ts';
import type { ComplexVector } from '../embedding.ts';
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

/** A vector times a public one, or times 1. */
interface Term {
  readonly vector: SlotVector;
  readonly factor: SlotVector | undefined;
}

/**
 * Slots, or a sum of products with public vectors that is put off until its slots are asked for: a linear map is thousands of products, and computing them
 * with their sum leaves out a vector for each. Counted: its buffers go back to the pool when nobody holds it.
 */
export class SlotVector {
  /** Whether there are imaginary parts. */
  readonly complex: boolean;
  /** Whether its buffers are of the pool. */
  readonly pooled: boolean;
  holders = 1;
  slots: Slots | undefined;
  terms: readonly Term[];

  constructor(complex: boolean, slots: Slots | undefined, terms: readonly Term[], pooled = true) {
    this.complex = complex;
    this.pooled = pooled;
    this.slots = slots;
    this.terms = terms;
  }
}

/** A sum with so many terms is computed: its vectors need not live longer, and adding one more term copies the list. */
const mostTerms = 16;

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

  /** The same vector, for one more holder. */
  hold(a: SlotVector): SlotVector {
    a.holders++;
    return a;
  }

  release(a: SlotVector): void {
    if (--a.holders > 0) return;
    if (a.holders < 0) throw new InternalError('a vector of slots was released twice');
    if (a.slots && a.pooled) this.#recycle(a.slots);
    this.#forget(a);
  }

  /** The slots, computed now where they were put off; they are the vector's. */
  read(a: SlotVector): Slots {
    a.slots ??= this.#compute(a);
    this.#forget(a);
    return a.slots;
  }

  sum(a: SlotVector, b: SlotVector): SlotVector {
    const single = b.slots?.values.length === 1;
    if (single || (a.slots && b.slots)) return this.#combined(this.read(a), this.read(b), 1);
    return this.#later([...this.#termsOf(a), ...this.#termsOf(b)]);
  }

  difference(a: SlotVector, b: SlotVector): SlotVector {
    return this.#combined(this.read(a), this.read(b), -1);
  }

  /** The sum of the real parts. */
  realSum(a: SlotVector, b: SlotVector): SlotVector {
    return this.#made({ values: this.#summed(this.read(a).values, this.read(b).values, 1) });
  }

  product(a: SlotVector, b: SlotVector): SlotVector {
    const [x, y] = [this.read(a), this.read(b)];
    if (x.imaginary && y.imaginary) return this.#made(this.#compute(this.#termOf(a, b)));
    const values = this.#multiplied(x.values, y.values);
    if (x.imaginary) return this.#made({ values, imaginary: this.#multiplied(x.imaginary, y.values) });
    return this.#made(y.imaginary ? { values, imaginary: this.#multiplied(x.values, y.imaginary) } : { values });
  }

  /** The product with a public vector, put off. */
  productLater(a: SlotVector, factor: SlotVector): SlotVector {
    this.read(a);
    return this.#later([{ vector: a, factor }]);
  }

  negated(a: SlotVector): SlotVector {
    const { values, imaginary } = this.read(a);
    return this.#made({
      values: this.#times(values, -1),
      ...(imaginary && { imaginary: this.#times(imaginary, -1) }),
    });
  }

  /** The slots `steps` to the left, with noise in every part. */
  rotated(a: SlotVector, steps: number, noise: Noise): SlotVector {
    return this.noisy(this.read(a), steps, noise);
  }

  /** As {@link rotated}, of slots that are no vector of the pool. */
  noisy({ values, imaginary }: Slots, steps: number, noise: Noise): SlotVector {
    const turned = this.#noisy(values, steps, noise);
    return this.#made(
      imaginary ? { values: turned, imaginary: this.#noisy(imaginary, steps, noise) } : { values: turned },
    );
  }

  /** The complex conjugate, with noise in every part. */
  conjugated(a: SlotVector, noise: Noise): SlotVector {
    const result = this.rotated(a, 0, noise);
    const { imaginary } = this.read(result);
    if (imaginary) slotwise.mulNumber(imaginary, imaginary, -1);
    return result;
  }

  /** Times i in the even slots, -i in the odd ones. */
  timesMonomial(a: SlotVector): SlotVector {
    const slots = this.read(a);
    const [values, imaginary] = [this.#buffer(), this.#buffer()];
    slotwise.alternate(imaginary, slots.values, 1);
    if (slots.imaginary) slotwise.alternate(values, slots.imaginary, -1);
    else values.fill(0);
    return this.#made({ values, imaginary });
  }

  /** a + factor * b, complex. */
  plusMultiple(a: SlotVector, b: ComplexVector, factor: number): SlotVector {
    const slots = this.read(a);
    const values = this.#copied(slots.values);
    slotwise.addMultiple(values, b.real, factor);
    if (!slots.imaginary) return this.#made({ values, imaginary: this.#times(b.imaginary, factor) });
    const imaginary = this.#copied(slots.imaginary);
    slotwise.addMultiple(imaginary, b.imaginary, factor);
    return this.#made({ values, imaginary });
  }

  /** These slots themselves, or one number for every slot: they stay as they are, and are nobody's to release. */
  borrowed(slots: Slots): SlotVector {
    return new SlotVector(slots.imaginary !== undefined, slots, [], false);
  }

  #made(slots: Slots): SlotVector {
    return new SlotVector(slots.imaginary !== undefined, slots, []);
  }

  #later(terms: readonly Term[]): SlotVector {
    for (const { vector, factor } of terms) {
      vector.holders++;
      if (factor) factor.holders++;
    }
    const complex = terms.some(({ vector, factor }) => vector.complex || factor?.complex);
    const sum = new SlotVector(complex, undefined, terms);
    if (terms.length >= mostTerms) this.read(sum);
    return sum;
  }

  #termsOf(a: SlotVector): readonly Term[] {
    return a.slots ? [{ vector: a, factor: undefined }] : a.terms;
  }

  /** A product that holds nothing, to be computed at once. */
  #termOf(vector: SlotVector, factor: SlotVector): SlotVector {
    return new SlotVector(true, undefined, [{ vector, factor }]);
  }

  #forget(a: SlotVector): void {
    const { terms } = a;
    a.terms = [];
    for (const { vector, factor } of terms) {
      this.release(vector);
      if (factor) this.release(factor);
    }
  }

  #compute({ terms, complex }: SlotVector): Slots {
    const [values, imaginary] = [new Sum(this.#buffer()), complex ? new Sum(this.#buffer()) : undefined];
    const bothComplex: Float64Array[] = [];
    for (const { vector, factor } of terms) {
      const { values: a, imaginary: ai } = this.read(vector);
      if (!factor) {
        values.addMultiple(a, 1);
        if (ai) imaginary?.addMultiple(ai, 1);
        continue;
      }
      const { values: b, imaginary: bi } = this.read(factor);
      if (ai && bi) {
        bothComplex.push(a, ai, b, bi);
        continue;
      }
      values.addProduct(a, b);
      if (ai) imaginary?.addProduct(ai, b);
      if (bi) imaginary?.addProduct(a, bi);
    }
    const real = values.finish();
    if (!imaginary) return { values: real };
    const other = imaginary.finish();
    for (let k = 0; k < bothComplex.length; k += 4) {
      const [a, ai, b, bi] = bothComplex.slice(k, k + 4);
      slotwise.addComplexProduct(real, other, a, ai, b, bi);
    }
    return { values: real, imaginary: other };
  }

  #combined(a: Slots, b: Slots, sign: 1 | -1): SlotVector {
    const values = this.#summed(a.values, b.values, sign);
    if (!b.imaginary) return this.#made(a.imaginary ? { values, imaginary: this.#copied(a.imaginary) } : { values });
    if (!a.imaginary) return this.#made({ values, imaginary: this.#times(b.imaginary, sign) });
    return this.#made({ values, imaginary: this.#summed(a.imaginary, b.imaginary, sign) });
  }

  #recycle({ values, imaginary }: Slots): void {
    this.#pool.push(values);
    if (imaginary) this.#pool.push(imaginary);
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

/** Adds up into a buffer, whatever it holds at first, products four at a time. */
class Sum {
  readonly #out: Float64Array;
  readonly #waiting: Float64Array[] = [];
  /** Whether nothing was added yet. */
  #empty = true;

  constructor(out: Float64Array) {
    this.#out = out;
  }

  addMultiple(a: Float64Array, factor: number): void {
    if (this.#empty) slotwise.mulNumber(this.#out, a, factor);
    else slotwise.addMultiple(this.#out, a, factor);
    this.#empty = false;
  }

  addProduct(a: Float64Array, b: Float64Array): void {
    if (b.length === 1) return this.addMultiple(a, b[0]);
    if (this.#empty) {
      slotwise.mul(this.#out, a, b);
      this.#empty = false;
      return;
    }
    this.#waiting.push(a, b);
    if (this.#waiting.length < 8) return;
    const [c, d, e, f, g, h, i, j] = this.#waiting;
    slotwise.addFourProducts(this.#out, c, d, e, f, g, h, i, j);
    this.#waiting.length = 0;
  }

  finish(): Float64Array {
    if (this.#empty) this.#out.fill(0);
    const { length } = this.#waiting;
    for (let k = 0; k + 2 < length; k += 4) {
      const [a, b, c, d] = this.#waiting.slice(k, k + 4);
      slotwise.addTwoProducts(this.#out, a, b, c, d);
    }
    if (length % 4 > 0) slotwise.addProduct(this.#out, this.#waiting[length - 2], this.#waiting[length - 1]);
    return this.#out;
  }
}
