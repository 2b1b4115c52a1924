import { memoryOf, type Memory } from '../passes/analysis/memory.ts';
import { pricedThreads } from './costs/models.ts';
import type { CompileOptions } from './options.ts';
import type { Choice } from './pipeline/choose.ts';
import { mainOf } from './pipeline/main-of.ts';
import { isOutOfReach } from './pipeline/out-of-reach.ts';
import { prepare } from './pipeline/prepare.ts';
import { Stages } from './pipeline/stages.ts';

/** One limit of a sweep, as `fhec compile` takes it: percentage points or seconds. */
export type ParetoLimit = { readonly maxAccuracyLoss: number } | { readonly maxLatency: number };

/** What a compilation under one limit gives. */
export interface ParetoPoint extends Memory {
  readonly limit: ParetoLimit;
  /** Top-1 on the calibration inputs, from 0 to 1: with labels of the polynomial and the exact network, and the share of inputs on which they agree. */
  readonly accuracy?: number;
  readonly exact?: number;
  readonly agreement: number;
  /** Percentage points that it is taken to lose. */
  readonly loss: number;
  /** Predicted, for one image. */
  readonly seconds: number;
  readonly degrees: readonly string[];
  readonly ringDegree: number;
  readonly bootstraps: number;
  /** Whether no other point is at least as good in loss, seconds and memory, and better in one. */
  readonly best: boolean;
}

export interface ParetoSweep {
  /** That the seconds of all points are of. */
  readonly threads: number;
  readonly points: readonly ParetoPoint[];
  /** Limits that nothing keeps to, each with the reason. */
  readonly missed: readonly { readonly limit: ParetoLimit; readonly reason: string }[];
}

/**
 * Chooses polynomials, parameters and bootstraps of a model under each limit, and prices each choice as its compilation would. What choices have in common is
 * found once. Other options are as given. Errors: those of `compileModel` before the choice; a limit out of reach is no error.
 */
export function sweepPareto(
  model: Uint8Array,
  options: Omit<CompileOptions, 'maxAccuracyLoss' | 'maxLatency'>,
  limits: readonly ParetoLimit[],
): ParetoSweep {
  const stages = new Stages(options);
  const prepared = prepare(model, options, stages);
  const points: Omit<ParetoPoint, 'best'>[] = [];
  const missed: { limit: ParetoLimit; reason: string }[] = [];
  limits.forEach((limit, i) => {
    try {
      points.push(pointOf(limit, prepared.choose({ ...options, ...limit }, stages.progress), options.target));
    } catch (error) {
      if (!isOutOfReach(error)) throw error;
      missed.push({ limit, reason: error.diagnostics[0].message });
    }
    options.hooks?.onProgress?.('sweep', (i + 1) / limits.length);
  });
  return {
    threads: pricedThreads(options),
    points: points.map((p) => ({ ...p, best: !points.some((q) => beats(q, p)) })),
    missed,
  };
}

function pointOf(
  limit: ParetoLimit,
  { chosen, accuracy, bootstraps }: Choice,
  target: CompileOptions['target'],
): Omit<ParetoPoint, 'best'> {
  const { assignment, realisation } = chosen;
  const { module, cost, parameters } = realisation;
  return {
    limit,
    ...(accuracy.polynomial !== undefined && { accuracy: accuracy.polynomial }),
    ...(accuracy.exact !== undefined && { exact: accuracy.exact }),
    agreement: accuracy.agreement,
    loss: assignment.confirmed().loss,
    seconds: cost.seconds,
    ...memoryOf(mainOf(module), parameters, target),
    degrees: [...assignment.judged().choice.values()].map((c) => c.label),
    ringDegree: parameters.ringDegree,
    bootstraps: bootstraps?.places.reduce((n, p) => n + p.vectors, 0) ?? 0,
  };
}

type Compared = Pick<ParetoPoint, 'loss' | 'seconds' | 'peakBytes'>;

function beats(p: Compared, q: Compared): boolean {
  const keys = ['loss', 'seconds', 'peakBytes'] as const;
  return keys.every((k) => p[k] <= q[k]) && keys.some((k) => p[k] < q[k]);
}
