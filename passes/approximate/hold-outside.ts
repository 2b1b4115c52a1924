import { evalChebyshev } from '../../ir/nn/polynomial.ts';
import type { Interval } from './input-density.ts';

/** A target for a fit: a point, what is wanted there, and its weight. */
interface FitPoint {
  readonly x: number;
  readonly y: number;
  readonly weight: number;
}

const points = 128;
/** Little enough to leave the fit to the inputs. */
const share = 1e-4;
/** A polynomial that exceeds the function's values on its interval by more than this is not held. */
const excess = 2;

/**
 * Points on [-scale, scale] beyond the interval of an activation, with the function's value at the nearer end, for a fit with inputs of weight 1
 * in all. No input lies there, but static scales are symmetric: a polynomial that nothing holds there has coefficients of many times its
 * values, which cancel each other on the inputs and multiply their noise, and a worst-case bound that no input comes near.
 */
export function pointsOutside(f: (x: number) => number, [low, high]: Interval, scale: number): FitPoint[] {
  const step = (2 * scale) / points;
  const outside = Array.from({ length: points }, (_, i) => -scale + (i + 0.5) * step).filter(
    (x) => x < low || x > high,
  );
  return outside.map((x) => ({ x, y: f(x < low ? low : high), weight: share / outside.length }));
}

/** Whether sum of c_k T_k(x / scale) is so large somewhere on [-scale, scale], all of its basis, that its fit needs {@link pointsOutside}. */
export function isLoose(coefficients: ArrayLike<number>, f: (x: number) => number, [low, high]: Interval): boolean {
  let largest = 0;
  let wanted = 0;
  for (let i = 0; i <= points; i++) {
    const t = (2 * i) / points - 1;
    largest = Math.max(largest, Math.abs(evalChebyshev(coefficients, t)));
    wanted = Math.max(wanted, Math.abs(f(low + ((high - low) * (t + 1)) / 2)));
  }
  return largest > excess * wanted;
}
