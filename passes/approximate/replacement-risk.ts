import type { InputDensity, Tail } from './input-density.ts';

/** What the replacement of a function by an approximation costs under a density, for inputs seen and not yet seen. */
export interface ReplacementRisk {
  /** Mean of e^2 over the measured inputs inside the interval. */
  readonly meanSquaredError: number;
  /** Largest e at the cells and ends of the interval. */
  readonly maxError: number;
  /** Share of all inputs expected outside the interval: measured mass there, and unseen tails. */
  readonly outOfRange: number;
  /** What the tails add to the mean of e^2, blow-ups excluded. */
  readonly tailSquaredError: number;
  /** Share of all inputs whose error exceeds the blow-up bound. */
  readonly blowUp: number;
}

const tailStep = 0.25;
const tailSteps = 80;

/**
 * The plain sum of impact times mean squared error does not see rare large errors, since all calibration inputs lie inside the
 * interval. What it misses is an integral over the inputs that calibration did not show:
 *
 *     P(x beyond the observed extreme a by more than t) = exp(-t / b) / (n + 1),    b = mean excess of the outer 1 % of n inputs,
 *
 * (n + 1)^-1 being the chance that one more input exceeds the largest of n. With e(x) = |p(x) - f(x)| and a blow-up bound R (for an activation the
 * largest |f| on its range):
 *
 *     tailSquaredError = integral of e^2 over the tails where e <= R
 *     blowUp           = mass of tails and of cells where e > R
 *
 * The two are apart because a blow-up saturates: past the range of the activation an image is lost, however large the error.
 * An e that is not a number, where f has no value, counts as a blow-up.
 */
export function replacementRisk(
  error: (x: number) => number,
  density: InputDensity,
  blowUpBound: number,
): ReplacementRisk {
  const { low, high, x, mass } = density;
  let outOfRange = density.below + density.above;
  let squares = 0;
  let inside = 0;
  let tailSquaredError = 0;
  let blowUp = 0;
  let maxError = Math.max(Math.abs(error(low)), Math.abs(error(high)));
  for (let i = 0; i < x.length; i++) {
    const e = Math.abs(error(x[i]));
    if (e > maxError) maxError = e;
    if (mass[i] === 0) continue;
    squares += mass[i] * e * e;
    inside += mass[i];
    if (!(e <= blowUpBound)) blowUp += mass[i];
  }
  const walk = (tail: Tail, side: 1 | -1): void => {
    if (tail.mass === 0) return;
    const cell = tail.mass * (1 - Math.exp(-tailStep));
    for (let k = 0; k < tailSteps; k++) {
      const at = tail.anchor + side * tail.excess * (k + 0.5) * tailStep;
      const share = cell * Math.exp(-k * tailStep);
      const e = Math.abs(error(at));
      if (at < low || at > high) outOfRange += share;
      if (e <= blowUpBound) tailSquaredError += share * e * e;
      else blowUp += share;
    }
  };
  walk(density.lowerTail, -1);
  walk(density.upperTail, 1);
  return { meanSquaredError: inside > 0 ? squares / inside : 0, maxError, outOfRange, tailSquaredError, blowUp };
}
