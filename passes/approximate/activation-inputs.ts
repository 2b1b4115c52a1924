import { InternalError } from '../../ir/diagnostics.ts';
import type { Value } from '../../ir/module.ts';
import { findActivation } from '../../ir/nn/activations.ts';
import type { ActivationProfile } from '../analysis/profile.ts';
import { approximationDomain } from './activation-domain.ts';
import { measuredDensity, type InputDensity, type Interval } from './input-density.ts';

/** The inputs of one activation as its replacements see them: everything by channel, intervals shared when there is one polynomial a tensor. */
export interface ActivationInputs {
  /** The exact function of each channel; one and the same object where channels do not differ. */
  readonly functions: readonly ((x: number) => number)[];
  /** Interval that the polynomial of each channel is made for. */
  readonly intervals: readonly Interval[];
  /** Density of each channel over its interval. */
  readonly densities: readonly InputDensity[];
  /** Density of all channels together, when they share one interval. */
  readonly pooled: InputDensity | undefined;
  /** Largest |f| over the layer: an error above it is a blow-up. */
  readonly outputRange: number;
}

/** A channel is never taken to be narrower than this part of the layer's median: a dead channel would leave its interval at the least drift. */
const leastWidth = 0.1;
/** Inputs that differ by less are one and the same number, but for rounding. */
const rounding = 1e-9;

/**
 * Intervals and densities of an activation: [minimum, maximum] of each channel, or of the tensor, each end moved out by `margin` times the
 * half width. Throws FHE0402, naming the node, when the function has no approximation there.
 */
export function activationInputs(
  node: Value,
  profile: ActivationProfile,
  margin: number,
  perChannel: boolean,
): ActivationInputs {
  const activation = findActivation(node.op);
  if (!activation) throw new InternalError(`${node.op} is no activation`);
  const { perChannel: channels } = profile;
  const minimum = Math.min(...channels.map((c) => c.minimum));
  const maximum = Math.max(...channels.map((c) => c.maximum));
  approximationDomain(node, minimum, maximum);
  const widths = channels.map((c) => (c.maximum - c.minimum) / 2).sort((a, b) => a - b);
  const layerWidth = perChannel ? widths[Math.floor(widths.length / 2)] : (maximum - minimum) / 2;
  const around = (low: number, high: number): Interval => {
    const domain = approximationDomain(node, low, high);
    const width = (high - low) / 2;
    // Where all inputs are 0, nothing says how far drift may take them: the interval must not be so narrow that they leave it.
    const constant = Math.abs(high) > rounding ? leastWidth * Math.abs(high) : 1;
    const measured = Math.max(width * (1 + margin), leastWidth * layerWidth);
    const half = measured > rounding ? measured : constant;
    const centre = (low + high) / 2;
    return [Math.max(centre - half, domain[0]), Math.min(centre + half, domain[1])];
  };
  const varies = Object.values(node.attrs).some((v) => Array.isArray(v) && v.length > 1);
  const first = activation.at(node.attrs, 0);
  const functions = channels.map((_, c) => (varies ? activation.at(node.attrs, c) : first));
  const shared = around(minimum, maximum);
  const intervals = channels.map((c) => (perChannel ? around(c.minimum, c.maximum) : shared));
  const outputs = intervals.flatMap(([low, high], c) => [functions[c](low), functions[c](high)]);
  return {
    functions,
    intervals,
    densities: channels.map((c, i) => measuredDensity([c], intervals[i])),
    pooled: perChannel ? undefined : measuredDensity(channels, shared),
    outputRange: Math.max(...outputs.map(Math.abs)),
  };
}
