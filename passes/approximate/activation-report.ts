import { formatLoc, onnxNodes } from '../../ir/diagnostics.ts';
import type { Value } from '../../ir/module.ts';
import type { ActivationProfile } from '../analysis/profile.ts';
import type { Candidate } from './candidate.ts';
import { measuredDensity, type Interval } from './input-density.ts';
import { oddDegree } from './odd-polynomial.ts';

/** What the report says of one activation: plain data for JSON. */
export interface ActivationReport {
  /** The ONNX node, or where the value came from when there is none. */
  readonly node: string;
  readonly op: string;
  readonly channels: number;
  /** Of a composite: the sum of its components' degrees. */
  readonly degree: number;
  /** `polynomial`, or the name and order of the composite. */
  readonly form: string;
  readonly perChannel: boolean;
  readonly levels: number;
  readonly multiplications: number;
  /** From the least to the largest end of the channels' intervals. */
  readonly interval: Interval;
  readonly margin: number;
  /** Share of the inputs in each of equally wide bins from `low` to `high`, all channels together. */
  readonly histogram: { readonly low: number; readonly high: number; readonly shares: readonly number[] };
  readonly predictedMse: number;
  readonly maxError: number;
  readonly outOfRangeShare: number;
  readonly blowUpRate: number;
  readonly impact: number;
  /** Predicted variance of the loss. */
  readonly predictedError: number;
}

const bins = 64;

export function reportActivation(node: Value, profile: ActivationProfile, candidate: Candidate): ActivationReport {
  const low = Math.min(...candidate.intervals.map((i) => i[0]));
  const high = Math.max(...candidate.intervals.map((i) => i[1]));
  const { mass } = measuredDensity(profile.perChannel, [low, high]);
  const shares = new Array<number>(bins).fill(0);
  mass.forEach((m, i) => (shares[Math.floor((i * bins) / mass.length)] += m));
  return {
    node: onnxNodes(node.loc)[0] ?? formatLoc(node.loc),
    op: node.op,
    channels: profile.channels,
    degree:
      candidate.form === 'direct'
        ? candidate.degree
        : candidate.components.reduce((sum, component) => sum + oddDegree(component), 0),
    form: candidate.form === 'direct' ? 'polynomial' : `${candidate.name} ${candidate.order}`,
    perChannel: candidate.perChannel,
    levels: candidate.levels,
    multiplications: candidate.multiplications,
    interval: [low, high],
    margin: candidate.margin,
    histogram: { low, high, shares },
    predictedMse: candidate.meanSquaredError,
    maxError: candidate.maxError,
    outOfRangeShare: candidate.outOfRange,
    blowUpRate: candidate.blowUp,
    impact: profile.impact,
    predictedError: candidate.error,
  };
}
