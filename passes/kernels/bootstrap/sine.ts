import { InternalError } from '../../../ir/diagnostics.ts';
import { countArithmetic } from '../count-arithmetic.ts';
import { applyEvalMod, evalModDepth, type ArcsineDegree, type EvalModPlan } from './eval-mod.ts';
import { fitCosine, type CosineFit, type CosineRequest } from './scaled-cosine.ts';

/** What the removal of q_0 I must achieve. */
export interface SineRequest extends Pick<CosineRequest, 'bound' | 'spread' | 'deviation'> {
  readonly arcsine: ArcsineDegree;
  /** -log2 of the root mean square error that the polynomial may add to messages of size 1. */
  readonly bits: number;
  /** A level less is worth this many products of ciphertexts. */
  readonly levelWorth: number;
}

/** Errors at overflows so rare that they hardly count stay below 2^-8 of the message all the same. */
const rareBits = 8;
/** Noise in the Chebyshev polynomials is magnified by their coefficients. */
const largestCoefficient = 2;
/** More double angles magnify noise more than a polynomial of twice the degree does. */
const mostDoublings = 7;
/** No fit needs a degree this much above twice the argument of the cosine. */
const margin = 24;
/** Fits of this many lower degrees are tried after one that misses: precision is not quite monotonic. */
const patience = 2;

function fits({ coefficients, error }: CosineFit, { bits, spread }: SineRequest): boolean {
  const ofMessage = (e: number): number => -Math.log2(e / spread);
  return (
    ofMessage(error.rms) >= bits &&
    ofMessage(error.worst) >= rareBits &&
    coefficients.every((c) => Math.abs(c) <= largestCoefficient)
  );
}

/** Plans with so many double angles on `depth` levels, from the highest degree down to where the depth would be less. */
function* candidates(request: SineRequest, doublings: number, depth: number): Iterable<EvalModPlan> {
  const highest = 2 ** (depth - 1) - 1;
  // Chebyshev coefficients of a cosine fall beyond its argument, and then fast.
  const argument = (Math.PI * request.bound) / 2 ** doublings;
  if (highest < argument) return;
  const first = Math.min(highest, Math.ceil(argument) + margin);
  let missed = 0;
  for (let half = first; half > highest / 2 && missed <= patience; half--) {
    const cosine = fitCosine({ ...request, doublings, degree: 2 * half });
    if (fits(cosine, request)) {
      missed = 0;
      yield { bound: request.bound, doublings, arcsine: request.arcsine, cosine };
    } else missed++;
  }
}

function products(plan: EvalModPlan): number {
  const on = countArithmetic(4);
  applyEvalMod(on, 0, plan, { gain: 1, sine: 1 });
  return on.cost().multiplications;
}

/** Chooses degree and double angles: the least products and levels together. Throws {@link InternalError} where 16 levels do not suffice. */
export function planSine(request: SineRequest): EvalModPlan {
  let best: { readonly plan: EvalModPlan; readonly cost: number } | undefined;
  let fewest: number | undefined;
  // A level more than the fewest may still save products; two more never paid.
  for (let levels = 3; levels <= Math.min(16, (fewest ?? 15) + 1); levels++) {
    for (let doublings = 0; doublings <= Math.min(mostDoublings, levels - 2); doublings++) {
      for (const plan of candidates(request, doublings, levels - doublings)) {
        fewest ??= levels;
        const cost = products(plan) + request.levelWorth * levels;
        if (!best || cost < best.cost) best = { plan, cost };
      }
    }
  }
  if (!best) throw new InternalError(`no sine of ${request.bits} bits on [-${request.bound}, ${request.bound}]`);
  return best.plan;
}

/** Levels of a plan, by part. */
export const sineDepth = (plan: EvalModPlan): ReturnType<typeof evalModDepth> =>
  evalModDepth(plan, plan.cosine.coefficients.length - 1);
