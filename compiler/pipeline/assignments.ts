import type { Module, Value } from '../../ir/module.ts';
import { findActivation } from '../../ir/nn/activations.ts';
import { activationStages } from '../../passes/approximate/activation-stages.ts';
import { approximateActivations } from '../../passes/approximate/approximate-activations.ts';
import type { Candidate } from '../../passes/approximate/candidate.ts';
import { allCandidates, usefulCandidates } from '../../passes/approximate/candidates.ts';
import { frontOfDegrees, uniformAssignments, type DegreeAssignment } from '../../passes/approximate/choose-degrees.ts';
import type { CostModel } from '../../passes/analysis/cost-model.ts';
import type { CompileOptions } from '../options.ts';
import type { AccuracyReport } from '../report.ts';
import { assessNetwork } from './assess.ts';
import type { Calibration } from './calibrate.ts';
import { mainOf } from './main-of.ts';

/** One replacement for every activation, and the network that it makes, judged on the calibration images. */
export interface Assignment {
  readonly choice: ReadonlyMap<Value, Candidate>;
  /** Levels of all activations on the longest path. */
  readonly levels: number;
  readonly uniform: boolean;
  readonly module: Module;
  readonly accuracy: AccuracyReport;
  /** Percentage points. */
  readonly loss: number;
}

interface Layer {
  readonly value: Value;
  readonly stage: number;
  readonly all: readonly Candidate[];
}

/** The ring degree and level at which activations are priced before parameters are known: only ratios between degrees count. */
const pricedAt = { ringDegree: 16384, primes: 8 };

/**
 * The assignments worth looking at: OLA's, one for each total depth that lowers the predicted error, and the uniform ones, one for each
 * label; both by rising depth. They are made and judged lazily, since judging runs the calibration images.
 */
export class AssignmentSpace {
  readonly #module: Module;
  readonly #calibration: Calibration;
  readonly #layers: readonly Layer[];
  readonly #seconds: (c: Candidate) => number;

  constructor(module: Module, calibration: Calibration, options: CompileOptions, model: CostModel) {
    const main = mainOf(module);
    const stages = activationStages(main);
    this.#module = module;
    this.#calibration = calibration;
    const { ringDegree, primes } = pricedAt;
    const product = model.seconds('mul', ringDegree, primes) + model.seconds('relinearize', ringDegree, primes);
    this.#seconds = (c) => c.multiplications * product;
    this.#layers = main.body
      .filter((value) => findActivation(value.op))
      .map((value) => {
        const profile = calibration.profile.get(value);
        const all = profile
          ? allCandidates(value, profile, {
              maxDegree: options.maxDegree ?? 15,
              granularity: options.perChannel === false ? 'tensor' : 'channel',
            })
          : [];
        return { value, stage: stages.get(value) ?? 0, all };
      });
  }

  /** By rising depth, each the least predicted error of its depth at the least time. */
  *layerwise(): Generator<Assignment> {
    const layers = this.#layers.map(({ stage, all }) => ({ stage, choices: this.#priced(usefulCandidates(all)) }));
    const front = frontOfDegrees(layers, {}, 0.01);
    const depths = [...new Set(front.map((a) => a.levels))].sort((a, b) => a - b);
    for (const levels of depths) {
      const exact = front.filter((a) => a.levels === levels).sort((a, b) => a.error - b.error);
      for (const assignment of exact.slice(0, 1)) yield this.#judge(layers, assignment, false);
    }
  }

  /** By rising depth: the same degree (or composite form) everywhere. */
  *uniform(degree?: number): Generator<Assignment> {
    const layers = this.#layers.map(({ stage, all }) => ({ stage, choices: this.#priced(all) }));
    const assignments = uniformAssignments(layers).sort(
      (a, b) => a.levels - b.levels || a.seconds - b.seconds || a.error - b.error,
    );
    for (const assignment of assignments) {
      const first = layers[0].choices[assignment.picks[0]];
      const wanted = degree === undefined || (first.form === 'direct' && first.degree === degree);
      if (wanted) yield this.#judge(layers, assignment, true);
    }
  }

  #priced(candidates: readonly Candidate[]): (Candidate & { readonly seconds: number })[] {
    return candidates.map((c) => ({ ...c, seconds: this.#seconds(c) }));
  }

  #judge(
    layers: readonly { readonly choices: readonly Candidate[] }[],
    assignment: DegreeAssignment,
    uniform: boolean,
  ): Assignment {
    const choice = new Map(this.#layers.map(({ value }, i) => [value, layers[i].choices[assignment.picks[i]]]));
    const module = approximateActivations(this.#module, choice);
    return { choice, levels: assignment.levels, uniform, module, ...assessNetwork(mainOf(module), this.#calibration) };
  }
}
