import type { Value } from '../../ir/module.ts';
import type { ActivationProfile } from '../analysis/profile.ts';
import { activationInputs, type ActivationInputs } from './activation-inputs.ts';
import { assess, signParts, type CompositeCandidate } from './candidate.ts';
import { tuneComposite } from './coefficient-tuning.ts';
import { measuredDensity, uniformDensity, type InputDensity } from './input-density.ts';
import {
  compositeDepth,
  compositeMultiplications,
  evaluateComposite,
  signComposite,
  type CompositionOrder,
  type SignComposite,
} from './paf-families.ts';

export interface CompositeOptions {
  readonly names: readonly string[];
  readonly orders: readonly CompositionOrder[];
  readonly margins: readonly number[];
  readonly perChannel: boolean;
  readonly floor: number;
  /** V of `assess`. */
  readonly lostImage: number;
  /** Tune the coefficients on the profile. */
  readonly tune: boolean;
}

/** The composite replacements of relu, leaky relu and absolute value, each at its best margin; none for other functions. */
export function compositeCandidates(
  node: Value,
  profile: ActivationProfile,
  options: CompositeOptions,
): CompositeCandidate[] {
  const parts = signParts(node);
  if (!parts) return [];
  const best = new Map<string, CompositeCandidate>();
  for (const margin of options.margins) {
    const inputs = activationInputs(node, profile, margin, options.perChannel);
    const scale = inputs.intervals.map(([low, high]) => Math.max(Math.abs(low), Math.abs(high)));
    const density = normalisedDensity(profile, scale);
    for (const form of options.names.flatMap((name) => options.orders.map((order) => signComposite(name, order)))) {
      const components = options.tune
        ? tuneComposite(form.components, density, { floor: options.floor }).components
        : form.components;
      const candidate = toCandidate({ ...form, components }, inputs, profile, parts, scale, margin, options);
      const known = best.get(candidate.label);
      if (!known || candidate.error < known.error) best.set(candidate.label, candidate);
    }
  }
  return [...best.values()];
}

function toCandidate(
  { name, order, components }: SignComposite,
  inputs: ActivationInputs,
  profile: ActivationProfile,
  { a, b }: { readonly a: readonly number[]; readonly b: readonly number[] },
  scale: readonly number[],
  margin: number,
  options: CompositeOptions,
): CompositeCandidate {
  const replaced = (channel: number): ((x: number) => number) => {
    const s = scale[channel];
    const slope = a[a.length === 1 ? 0 : channel];
    const constant = b[b.length === 1 ? 0 : channel];
    return (x) => x * (constant + slope * evaluateComposite(components, x / s));
  };
  return {
    form: 'composite',
    label: `${name} ${order}${options.tune ? ' tuned' : ''}${options.perChannel ? ' per channel' : ''}`,
    name,
    order,
    tuned: options.tune,
    perChannel: options.perChannel,
    levels: compositeDepth(components) + 1,
    multiplications: compositeMultiplications(components) + 1,
    ...assess(replaced, inputs, profile, options.lostImage),
    intervals: inputs.pooled ? inputs.intervals.slice(0, 1) : inputs.intervals,
    margin,
    scale: inputs.pooled ? scale.slice(0, 1) : scale,
    components,
  };
}

/**
 * The density of x / scale over [-1, 1] of all channels together, each weighted by its impact and its squared scale: the weight with which a squared
 * error of the shared sign polynomial counts in the loss.
 */
function normalisedDensity(profile: ActivationProfile, scale: readonly number[]): InputDensity {
  const unit = uniformDensity([-1, 1]);
  const mass = new Float64Array(unit.mass.length);
  const weights = scale.map((s, c) => s * s * (profile.channelImpact[c] + 1e-6 * profile.impact + 1e-300));
  const total = weights.reduce((sum, w) => sum + w, 0);
  profile.perChannel.forEach((channel, c) => {
    const density = measuredDensity([channel], [-scale[c], scale[c]]);
    density.mass.forEach((m, i) => (mass[i] += (m * weights[c]) / total));
  });
  return { ...unit, mass };
}
