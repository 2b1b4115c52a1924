import type { Value } from '../../ir/module.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { planPolynomial } from '../kernels/polynomial-plan.ts';
import type { ActivationProfile } from '../analysis/profile.ts';
import type { ActivationInputs } from './activation-inputs.ts';
import type { Interval } from './input-density.ts';
import type { OddPolynomial } from './odd-polynomial.ts';
import type { CompositionOrder } from './paf-families.ts';
import { replacementRisk } from './replacement-risk.ts';

/** What one replacement of one activation costs and loses. */
interface CandidateCommon {
  /** Names the same family and degree in every layer: `degree 7`, `degree 7 per channel`, `f2g3 cheon`. */
  readonly label: string;
  readonly perChannel: boolean;
  /** Levels: ceil(log2(degree + 1)) for a polynomial; for composites the sum of their components' and 1 for the product with x. */
  readonly levels: number;
  /** Products of two encrypted values, as `planPolynomial` evaluates them. */
  readonly multiplications: number;
  /** Predicted variance of the loss, see {@link assess}. */
  readonly error: number;
  /** Mean squared error of an element under the measured distribution. */
  readonly meanSquaredError: number;
  /** Largest error on the intervals. */
  readonly maxError: number;
  /** Interval of each channel, or the one of the tensor. */
  readonly intervals: readonly Interval[];
  readonly margin: number;
  /** Expected share of inputs outside their interval. */
  readonly outOfRange: number;
  /** Expected share of images with an element whose error exceeds the largest output of the activation. */
  readonly blowUp: number;
  /** Static scale of each channel, or of the tensor: inputs are divided by it. */
  readonly scale: readonly number[];
}

export interface DirectCandidate extends CandidateCommon {
  readonly form: 'direct';
  readonly degree: number;
  /** [1 or channels, degree + 1], in T_k(x / scale). */
  readonly coefficients: Tensor;
  /** Kept near its function outside its interval (hold-outside.ts). */
  readonly held?: boolean;
}

/** x * (b + a * P(x / scale)), P the components applied in turn; see {@link signParts} for a and b. */
export interface CompositeCandidate extends CandidateCommon {
  readonly form: 'composite';
  readonly name: string;
  readonly order: CompositionOrder;
  readonly tuned: boolean;
  readonly components: readonly OddPolynomial[];
}

export type Candidate = DirectCandidate | CompositeCandidate;

export const polynomialCost = (coefficients: Tensor): { readonly levels: number; readonly multiplications: number } => {
  const [rows, terms] = coefficients.shape;
  const nonzero = Array.from({ length: terms }, (_, k) => {
    for (let row = 0; row < rows; row++) if (coefficients.data[row * terms + k] !== 0) return true;
    return false;
  });
  const { depth, multiplications } = planPolynomial(nonzero);
  return { levels: depth, multiplications };
};

/** a and b of each channel for which the activation is x * (b + a * sign(x)), or undefined when it is not of that form. */
export function signParts(node: Value): { readonly a: readonly number[]; readonly b: readonly number[] } | undefined {
  const alpha = node.attrs['alpha'];
  switch (node.op) {
    case 'nn.abs':
      return { a: [1], b: [0] };
    case 'nn.relu':
      return { a: [0.5], b: [0.5] };
    case 'nn.leaky_relu': {
      const slopes = Array.isArray(alpha) ? alpha.filter((s) => typeof s === 'number') : [];
      return { a: slopes.map((s) => (1 - s) / 2), b: slopes.map((s) => (1 + s) / 2) };
    }
    default:
      return undefined;
  }
}

export interface Assessment {
  readonly error: number;
  readonly meanSquaredError: number;
  readonly maxError: number;
  readonly outOfRange: number;
  readonly blowUp: number;
}

/**
 * The predicted variance of the loss that weighs as much as one lost image. Chosen by measurement, not derived: gradients at images that the
 * network is sure of make the variance smaller than its effect; where blow-ups are negligible, the share of changed predictions was 3 to 11 times the
 * predicted variance. 70 random assignments of degrees and margins a sample network, 1,000 test images each; rank correlation of predicted error
 * and changed predictions for values 0 / 0.05 / 0.1 / 0.2 / 0.5 / 5.3: LeNet .67 .92 .92 .83 .69 .06, Fashion CNN .99 .99 .97 .96 .87 .23,
 * MLP .58 .78 .85 .90 .93 .68. The value was picked on these same runs, so these are no figures for unseen networks.
 * It is wrong for some: on a CIFAR ResNet-20 calibrated with 300 training images, whose gradients nearly vanish, it orders uniform degrees 3, 5, 7 and 15
 * backwards (predicted .0023 .0032 .0054 .0118, predictions kept 83.5, 91.3, 95.8, 96.5 % of 400). Callers should check choices by running them.
 */
export const blowUpVariance = 0.1;

/**
 * Weighs a replacement by what it does to the loss, in the units of OLA's objective (arXiv 2310.10349), with a term for the tails:
 *
 *     error = sum over channels c of A_c * (E_c + tail_c) + V * blowUp
 *
 * A_c is the channel's impact, E_c its mean squared error, tail_c and the blow-up share s_c as in {@link replacementRisk};
 * blowUp = 1 - product over channels of (1 - s_c)^(elements of the channel): the chance that an image holds a blown-up element, elements taken as independent
 * (neighbouring pixels are not, so this errs on the safe side); V = `lostImage`, by default {@link blowUpVariance}.
 *
 * `replaced` gives the replacement of each channel.
 */
export function assess(
  replaced: (channel: number) => (x: number) => number,
  { functions, densities, outputRange }: ActivationInputs,
  profile: ActivationProfile,
  lostImage = blowUpVariance,
): Assessment {
  const perChannel = profile.elements / profile.channels;
  const result = { error: 0, meanSquaredError: 0, maxError: 0, outOfRange: 0 };
  let logIntact = 0;
  densities.forEach((density, c) => {
    const f = functions[c];
    const p = replaced(c);
    const risk = replacementRisk((x) => p(x) - f(x), density, outputRange);
    result.error += profile.channelImpact[c] * (risk.meanSquaredError + risk.tailSquaredError);
    result.meanSquaredError += risk.meanSquaredError / densities.length;
    result.maxError = Math.max(result.maxError, risk.maxError);
    result.outOfRange += risk.outOfRange / densities.length;
    logIntact += perChannel * Math.log1p(-Math.min(risk.blowUp, 1));
  });
  const blowUp = -Math.expm1(logIntact);
  return { ...result, error: result.error + lostImage * blowUp, blowUp };
}
