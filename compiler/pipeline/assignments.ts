import { InternalError } from '../../ir/diagnostics.ts';
import type { Module, Value } from '../../ir/module.ts';
import { findActivation } from '../../ir/nn/activations.ts';
import { activationStages } from '../../passes/approximate/activation-stages.ts';
import { approximateActivations } from '../../passes/approximate/approximate-activations.ts';
import type { Candidate, DirectCandidate } from '../../passes/approximate/candidate.ts';
import {
  compositesFor,
  polynomialsFor,
  usefulCandidates,
  type CandidateOptions,
} from '../../passes/approximate/candidates.ts';
import {
  exactActivations,
  refitInNetwork,
  withCoefficients,
  type ActivationOutputs,
} from '../../passes/approximate/refit-in-network.ts';
import { multiplicativeDepths } from '../../passes/nn/depth.ts';
import { frontOfDegrees, uniformAssignments, type DegreeAssignment } from '../../passes/approximate/choose-degrees.ts';
import type { CostModel } from '../../passes/analysis/cost-model.ts';
import type { CompileOptions } from '../options.ts';
import { assessNetwork, assessResults, type Assessment } from './assess.ts';
import { confirmingPart, isLarge, judgingPart, type Calibration } from './calibrate.ts';
import type { JudgementMemory } from './judgement-cache.ts';
import { mainOf } from './main-of.ts';

/** One replacement for every activation, and the network that it makes. */
export interface Assignment {
  /** Levels of all activations on the longest path. */
  readonly levels: number;
  /** Levels of the whole network; the schedule may need more. */
  readonly depth: number;
  /** With the coefficients as they were fitted layer by layer. */
  readonly module: Module;
  /** Runs some calibration images twice, once. */
  readonly judged: () => Judgement;
  /** The judged one on more images, where there are more than judge every choice; runs them once. */
  readonly confirmed: () => Assessment;
}

/** An assignment with its final coefficients: fitted layer by layer, or fitted again through the network where that loses less. */
export interface Judgement extends Assessment {
  readonly choice: ReadonlyMap<Value, Candidate>;
  readonly module: Module;
}

interface Price {
  readonly seconds: number;
}
type Priced = Candidate & Price;

/** An activation of canonical nn and what may stand for it. */
export interface Layer {
  readonly value: Value;
  readonly stage: number;
  /** Polynomials of every degree. */
  readonly direct: readonly (DirectCandidate & Price)[];
  /** These and composites, which take longer to find: found when asked for. */
  readonly choices: () => readonly Priced[];
}

/** By how much of its half width an interval moves out, of networks so deep that errors of many layers add up before it. */
const deepMargins: readonly number[] = [0.2, 0.4, 0.8];

/** The ring degree and level at which activations are priced before parameters are known: only ratios between degrees count. */
const pricedAt = { ringDegree: 16384, primes: 8 };

const secondsUnit = 0.01;

/** Of all activations on the longest path: the most levels of each stage, added up. */
function levelsOf(layers: readonly Layer[], candidates: readonly Candidate[]): number {
  const stages = new Map<number, number>();
  layers.forEach(({ stage }, i) => stages.set(stage, Math.max(candidates[i].levels, stages.get(stage) ?? 0)));
  return [...stages.values()].reduce((a, b) => a + b, 0);
}

/** The assignments worth looking at. Equal picks are one object. Nothing is judged before it is asked for. */
export class AssignmentSpace {
  readonly #module: Module;
  readonly #calibration: Calibration;
  readonly #confirming: Calibration;
  readonly #layers: readonly Layer[];
  readonly #known = new Map<string, Assignment>();
  /** Of candidates met so far. */
  readonly #numbers = new Map<Candidate, number>();
  readonly #memory: JudgementMemory | undefined;
  #targets: ActivationOutputs | undefined;

  constructor(
    module: Module,
    calibration: Calibration,
    options: CompileOptions,
    model: CostModel,
    memory?: JudgementMemory,
  ) {
    this.#memory = memory;
    const main = mainOf(module);
    const stages = activationStages(main);
    this.#module = module;
    this.#calibration = judgingPart(calibration, main);
    this.#confirming = confirmingPart(calibration, main);
    const { ringDegree, primes } = pricedAt;
    const product = model.seconds('mul', ringDegree, primes) + model.seconds('relinearize', ringDegree, primes);
    const priced = <C extends Candidate>(c: C): C & Price => ({ ...c, seconds: c.multiplications * product });
    const wanted: CandidateOptions = {
      maxDegree: options.maxDegree ?? 15,
      granularity: options.perChannel === false ? 'tensor' : 'channel',
      ...(options.target === 'native' && { margins: deepMargins, held: true }),
    };
    this.#layers = main.body
      .filter((value) => findActivation(value.op))
      .map((value) => {
        const profile = calibration.profile.get(value);
        const direct = profile ? polynomialsFor(value, profile, wanted).map(priced) : [];
        let all: readonly Priced[] | undefined;
        const composites = (): Priced[] => (profile ? compositesFor(value, profile, wanted).map(priced) : []);
        const choices = (): readonly Priced[] => (all ??= [...direct, ...composites()]);
        return { value, stage: stages.get(value) ?? 0, direct, choices };
      });
  }

  /** In the order of the network. */
  get layers(): readonly Layer[] {
    return this.#layers;
  }

  /** No assignment has fewer levels in its activations. */
  leastLevels(): number {
    return levelsOf(
      this.#layers,
      this.#layers.map(({ direct }) => direct.reduce((a, b) => (b.levels < a.levels ? b : a))),
    );
  }

  /** The assignment of these polynomials, each one of its layer's. */
  of(candidates: readonly Candidate[]): Assignment {
    const layers = candidates.map((candidate, i) => {
      const choices = this.#layers[i].direct.filter((c) => c === candidate);
      if (choices.length !== 1) throw new InternalError(`${candidate.label} is no polynomial of layer ${i}`);
      return { choices };
    });
    return this.#assignment(layers, { picks: candidates.map(() => 0), levels: levelsOf(this.#layers, candidates) });
  }

  /** OLA's: by rising depth, and for each depth by rising seconds and falling predicted error. */
  layerwise(): Assignment[][] {
    const layers = this.#layers.map(({ stage, choices }) => ({ stage, choices: usefulCandidates(choices()) }));
    const front = frontOfDegrees(layers, {}, secondsUnit);
    const depths = [...new Set(front.map((a) => a.levels))].sort((a, b) => a - b);
    return depths.map((levels) =>
      front
        .filter((a) => a.levels === levels)
        .sort((a, b) => a.seconds - b.seconds || b.error - a.error)
        .map((a) => this.#assignment(layers, a)),
    );
  }

  /** The same degree (or composite form) everywhere: by rising depth, then seconds. */
  uniform(degree?: number): Assignment[] {
    const wanted = (c: Candidate): boolean => degree === undefined || (c.form === 'direct' && c.degree === degree);
    const layers = this.#layers.map(({ stage, choices }) => ({ stage, choices: choices() }));
    const [first] = layers;
    return uniformAssignments(layers)
      .filter((a) => first === undefined || wanted(first.choices[a.picks[0]]))
      .sort((a, b) => a.levels - b.levels || a.seconds - b.seconds || a.error - b.error)
      .map((a) => this.#assignment(layers, a));
  }

  #assignment(
    layers: readonly { readonly choices: readonly Priced[] }[],
    proposed: Pick<DegreeAssignment, 'levels' | 'picks'>,
  ): Assignment {
    const picked = this.#layers.map(({ value }, i) => [value, layers[i].choices[proposed.picks[i]]] as const);
    const key = picked.map(([, candidate]) => this.#number(candidate)).join();
    const known = this.#known.get(key);
    if (known) return known;
    const choice = new Map<Value, Candidate>(picked);
    const module = approximateActivations(this.#module, choice);
    const depth = Math.max(0, ...multiplicativeDepths(mainOf(module)).values());
    let judgement: Judgement | undefined;
    const judged = (): Judgement => (judgement ??= this.#judge(choice));
    let confirmation: Assessment | undefined;
    const confirmed = (): Assessment => (confirmation ??= this.#confirm(judged()));
    const made = { levels: proposed.levels, depth, module, judged, confirmed };
    this.#known.set(key, made);
    return made;
  }

  #number(candidate: Candidate): number {
    const number = this.#numbers.get(candidate) ?? this.#numbers.size;
    this.#numbers.set(candidate, number);
    return number;
  }

  #judge(fitted: ReadonlyMap<Value, Candidate>): Judgement {
    const polynomials = [...fitted.values()].flatMap((c) => (c.form === 'direct' ? [c] : []));
    if (!this.#memory || polynomials.length < fitted.size) return this.#judgeNow(fitted);
    let now: Judgement | undefined;
    const stored = this.#memory.judged(polynomials, () => {
      now = this.#judgeNow(fitted);
      const { accuracy, loss, choice } = now;
      const coefficients = [...choice.values()].flatMap((c) =>
        c.form === 'direct' ? [Array.from(c.coefficients.data)] : [],
      );
      return { accuracy, loss, coefficients };
    });
    if (now) return now;
    const { profile } = this.#calibration;
    const choice = new Map<Value, Candidate>(
      [...fitted.keys()].map((op, i) => {
        return [op, withCoefficients(op, polynomials[i], Float64Array.from(stored.coefficients[i]), profile)];
      }),
    );
    const { accuracy, loss } = stored;
    return { accuracy, loss, choice, module: approximateActivations(this.#module, choice) };
  }

  #judgeNow(fitted: ReadonlyMap<Value, Candidate>): Judgement {
    const main = mainOf(this.#module);
    const { profile, batches } = this.#calibration;
    this.#targets ??= exactActivations(main, batches);
    const { choice, results } = refitInNetwork(main, fitted, profile, batches, this.#targets);
    const second = assessResults(results, this.#calibration);
    const refitted = { ...second, choice, module: approximateActivations(this.#module, choice) };
    // Layer by layer is rarely better, and never on large networks so far.
    if (isLarge(main)) return refitted;
    const module = approximateActivations(this.#module, fitted);
    const first = assessNetwork(mainOf(module), this.#calibration);
    return second.loss < first.loss ? refitted : { ...first, choice: fitted, module };
  }

  #confirm(judged: Judgement): Assessment {
    if (this.#confirming.exact.length === this.#calibration.exact.length) return judged;
    const confirm = (): Assessment => assessNetwork(mainOf(judged.module), this.#confirming);
    const polynomials = [...judged.choice.values()].flatMap((c) => (c.form === 'direct' ? [c] : []));
    if (!this.#memory || polynomials.length < judged.choice.size) return confirm();
    return this.#memory.confirmed(polynomials, confirm);
  }
}
