import { InternalError } from '../../../ir/diagnostics.ts';

/** Complex numbers, real and imaginary parts apart. */
export interface ComplexVector {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/**
 * A square complex matrix by its diagonals: out[j] = sum over steps of diagonal[j] * in[(j + steps) mod size]. Every diagonal has `period`
 * numbers and repeats with it (a divisor of `size`), as those of the short stages of a Fourier transform do.
 */
export interface DiagonalMap {
  readonly size: number;
  readonly period: number;
  /** By steps, 0 <= steps < size. */
  readonly diagonals: ReadonlyMap<number, ComplexVector>;
}

export const zeroVector = (length: number): ComplexVector => ({
  re: new Float64Array(length),
  im: new Float64Array(length),
});

/** The steps between 0 and size - 1 that rotate as `steps` do. */
export const wrapSteps = (steps: number, size: number): number => ((steps % size) + size) % size;

/** The diagonals of `first` followed by `second`: the product second * first. */
export function composeMaps(second: DiagonalMap, first: DiagonalMap): DiagonalMap {
  if (second.size !== first.size) throw new InternalError(`maps of ${second.size} and ${first.size} slots`);
  const { size } = first;
  const period = Math.max(second.period, first.period);
  const diagonals = new Map<number, ComplexVector>();
  for (const [a, outer] of second.diagonals) {
    for (const [b, inner] of first.diagonals) {
      const steps = wrapSteps(a + b, size);
      const target = diagonals.get(steps) ?? zeroVector(period);
      diagonals.set(steps, target);
      for (let j = 0; j < period; j++) {
        const o = j % second.period;
        const i = (j + a) % first.period;
        target.re[j] += outer.re[o] * inner.re[i] - outer.im[o] * inner.im[i];
        target.im[j] += outer.re[o] * inner.im[i] + outer.im[o] * inner.re[i];
      }
    }
  }
  return { size, period, diagonals };
}

/** The conjugate transpose. */
export function adjointMap(map: DiagonalMap): DiagonalMap {
  const { size, period } = map;
  const diagonals = new Map<number, ComplexVector>();
  for (const [steps, from] of map.diagonals) {
    const to = zeroVector(period);
    for (let i = 0; i < period; i++) {
      const j = wrapSteps(i - steps, period);
      to.re[i] = from.re[j];
      to.im[i] = -from.im[j];
    }
    diagonals.set(wrapSteps(-steps, size), to);
  }
  return { size, period, diagonals };
}

/** The map on vectors whose number in one slot is halved first. */
export function halveInput({ size, period, diagonals }: DiagonalMap, slot: number): DiagonalMap {
  const whole = (part: Float64Array): Float64Array => Float64Array.from({ length: size }, (_, j) => part[j % period]);
  const halved = [...diagonals].map(([steps, d]): [number, ComplexVector] => {
    const [re, im] = [whole(d.re), whole(d.im)];
    const reader = wrapSteps(slot - steps, size);
    re[reader] /= 2;
    im[reader] /= 2;
    return [steps, { re, im }];
  });
  return { size, period: size, diagonals: new Map(halved) };
}

/** Applies the map to a vector of `size` numbers. */
export function applyMap(map: DiagonalMap, x: ComplexVector): ComplexVector {
  const { size, period } = map;
  const out = zeroVector(size);
  for (const [steps, d] of map.diagonals) {
    for (let j = 0; j < size; j++) {
      const k = j % period;
      const i = (j + steps) % size;
      out.re[j] += d.re[k] * x.re[i] - d.im[k] * x.im[i];
      out.im[j] += d.re[k] * x.im[i] + d.im[k] * x.re[i];
    }
  }
  return out;
}
