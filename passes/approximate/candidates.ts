import { fail } from '../../ir/diagnostics.ts';
import type { Value } from '../../ir/module.ts';
import type { ActivationProfile } from '../analysis/profile.ts';
import { blowUpVariance, type Candidate, type DirectCandidate } from './candidate.ts';
import { compositeCandidates } from './composite-candidates.ts';
import { directCandidates } from './direct-candidates.ts';
import type { CompositionOrder } from './paf-families.ts';

export interface CandidateOptions {
  /** 1 .. 31 (more is possible, at the price of conditioning). Default 31. */
  readonly maxDegree?: number;
  /** One polynomial a channel, one a tensor, or both kinds side by side. Default `channel`. */
  readonly granularity?: 'channel' | 'tensor' | 'both';
  /** By how much of its half width each end of the interval moves out; the best one is taken by layer and degree. */
  readonly margins?: readonly number[];
  /** Whether polynomials are kept near their functions outside their intervals (hold-outside.ts). Default false. */
  readonly held?: boolean;
  /** Mass of the uniform weight. Default 1e-3. */
  readonly floor?: number;
  /** Composite forms to consider (`compositeNames`); none when empty. */
  readonly composites?: readonly string[];
  readonly orders?: readonly CompositionOrder[];
  /** The predicted variance of the loss that weighs as much as one lost image; default `blowUpVariance`. Smaller trusts narrow fits more. */
  readonly lostImage?: number;
  /** Coefficient Tuning of composites. Default true. */
  readonly tune?: boolean;
}

const defaultMargins: readonly number[] = [0.1, 0.2, 0.4, 0.8];
const defaultComposites: readonly string[] = ['f1g2', 'f2g2', 'f2g3', 'f1sq_g1sq', 'alpha7', 'alpha10'];

/** Every replacement of one activation: direct polynomials of each degree, composites where the function has a sign. Not pruned. */
export function allCandidates(node: Value, profile: ActivationProfile, options: CandidateOptions = {}): Candidate[] {
  return [...polynomialsFor(node, profile, options), ...compositesFor(node, profile, options)];
}

/** The direct polynomials among {@link allCandidates}. */
export function polynomialsFor(
  node: Value,
  profile: ActivationProfile,
  options: CandidateOptions = {},
): DirectCandidate[] {
  const { maxDegree = 31, margins = defaultMargins, floor = 1e-3, lostImage = blowUpVariance, held = false } = options;
  if (!Number.isInteger(maxDegree) || maxDegree < 1)
    fail('FHE0901', `maximum degree ${maxDegree} is not a positive integer`, node.loc);
  const degrees = Array.from({ length: maxDegree }, (_, i) => i + 1);
  return kindsOf(options).flatMap((perChannel) =>
    directCandidates(node, profile, { degrees, margins, perChannel, floor, lostImage, held }),
  );
}

/** The composites among {@link allCandidates}. */
export function compositesFor(node: Value, profile: ActivationProfile, options: CandidateOptions = {}): Candidate[] {
  const { margins = defaultMargins, floor = 1e-3, tune = true, lostImage = blowUpVariance } = options;
  const names = options.composites ?? defaultComposites;
  const orders = options.orders ?? ['cheon', 'smartpaf'];
  return kindsOf(options).flatMap((perChannel) =>
    compositeCandidates(node, profile, { names, orders, margins, perChannel, floor, tune, lostImage }),
  );
}

const kindsOf = ({ granularity = 'channel' }: CandidateOptions): boolean[] =>
  granularity === 'both' ? [true, false] : [granularity === 'channel'];

/** The candidates that no other one beats in levels, products and error at once, by rising levels. Of equals the first stays. */
export function usefulCandidates<C extends Candidate>(candidates: readonly C[]): C[] {
  const sorted = [...candidates].sort(
    (p, q) => p.levels - q.levels || p.multiplications - q.multiplications || p.error - q.error,
  );
  const kept: C[] = [];
  for (const c of sorted) {
    if (!kept.some((k) => k.multiplications <= c.multiplications && k.error <= c.error)) kept.push(c);
  }
  return kept;
}
