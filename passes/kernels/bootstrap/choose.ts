import { planBootstrap, planEvalMod, type BootstrapRequest, type PlannedBootstrap } from './plan.ts';
import { predictPrecision, type BootstrapPrecision } from './precision.ts';

/** What is left to choose: everything about sizes of primes, and the user's levels. */
export interface BootstrapGoal extends Omit<BootstrapRequest, 'highBits' | 'specialBits' | 'userLevels'> {
  /** -log2 of the mean error that a bootstrap may have. */
  readonly precisionBits: number;
  /** The most user levels that are of use. */
  readonly mostUserLevels: number;
}

export interface ChosenBootstrap extends PlannedBootstrap {
  readonly precision: BootstrapPrecision;
}

/** The native engine's fast kernel takes primes below 2^50. */
const primeBits = 49.9;
/** Special primes have so many bits, taken together, above a digit: the noise of a key switch then stays near its rounding. */
const specialMargin = 4;
/** Primes above this buy no precision beside the sine. */
const mostHighBits = 47.75;
const leastHighBits = 40;
const step = 0.25;

const requestOf = (goal: BootstrapGoal, userLevels: number, highBits: number): BootstrapRequest => ({
  ...goal,
  userLevels,
  highBits,
  specialBits: Math.min(primeBits, highBits + specialMargin / goal.specialPrimes),
});

/**
 * The bootstrap with the most user levels that 128-bit security leaves room for at the precision wanted; then the most precise of those. Undefined
 * when not even one user level fits.
 */
export function chooseBootstrap(goal: BootstrapGoal): ChosenBootstrap | undefined {
  const evalMod = planEvalMod(goal);
  const plan = (userLevels: number, highBits: number): PlannedBootstrap | undefined => {
    const planned = planBootstrap(requestOf(goal, userLevels, highBits), evalMod);
    return planned.parameters.secure ? planned : undefined;
  };
  let highBits = leastHighBits;
  for (let userLevels = goal.mostUserLevels; userLevels > 0; userLevels--) {
    let best = plan(userLevels, highBits);
    if (!best) continue;
    for (let next; highBits + step <= mostHighBits && (next = plan(userLevels, highBits + step)); highBits += step)
      best = next;
    const precision = predictPrecision(best);
    if (precision.mean >= goal.precisionBits) return { ...best, precision };
  }
  return undefined;
}
