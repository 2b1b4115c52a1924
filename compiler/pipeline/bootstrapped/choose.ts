import type { Code } from '../../../ir/codes.ts';
import { fail, FhecError } from '../../../ir/diagnostics.ts';
import type { Module, Value } from '../../../ir/module.ts';
import type { CostModel } from '../../../passes/analysis/cost-model.ts';
import type { Candidate } from '../../../passes/approximate/candidate.ts';
import { usefulCandidates } from '../../../passes/approximate/candidates.ts';
import { placedValues } from '../../../passes/place-bootstraps/network-problem.ts';
import { placeBootstraps } from '../../../passes/place-bootstraps/place-bootstraps.ts';
import type { Placement } from '../../../passes/place-bootstraps/problem.ts';
import { nativeModel } from '../../costs/models.ts';
import { defaultMaxAccuracyLoss, type CompileOptions } from '../../options.ts';
import type { Assessment } from '../assess.ts';
import type { Assignment, AssignmentSpace } from '../assignments.ts';
import type { Calibration } from '../calibrate.ts';
import type { Choice, PricedPlan } from '../choose.ts';
import { deepestRing, type Observe, type Realisation } from '../realise.ts';
import { accountOfBootstraps, placeBy } from './account.ts';
import { bootstrapChains, insecureChains, type BootstrapChain } from './chains.ts';
import { BootstrappedNetwork } from './network.ts';
import { realiseBootstrapped } from './realise.ts';

/** Polynomials, a chain and bootstraps: what one run of the programme proposes. */
interface Proposal {
  readonly chain: BootstrapChain;
  readonly placement: Placement;
  readonly candidates: readonly Candidate[];
  readonly seconds: number;
  readonly error: number;
}

/** What says that a network is too deep, or that what fits is too inexact, without bootstraps. */
const needsBootstraps: ReadonlySet<Code> = new Set<Code>(['FHE0403', 'FHE0602', 'FHE0603']);

/**
 * The choice for the native engine: bootstraps where no modulus chain holds the network. `flat` chooses without any. Errors: those of both.
 */
export function chooseNative(
  flat: () => Choice,
  canonical: Module,
  space: AssignmentSpace,
  calibration: Calibration,
  options: CompileOptions,
  progress: (name: string) => void,
): Choice {
  const bootstrapped = (): Choice => chooseBootstrapped(canonical, space, calibration, options, progress);
  if (options.bootstraps !== undefined || space.leastLevels() > deepestRing(options).levels) return bootstrapped();
  try {
    return flat();
  } catch (error) {
    if (!(error instanceof FhecError) || !needsBootstraps.has(error.diagnostics[0].code)) throw error;
    return bootstrapped();
  }
}

/** Solutions whose seconds differ by less than this share of the fastest one's are not told apart, value by value. */
const timeResolution = 1 / 500;
/** For each uniform degree so many of the fastest chains are looked at closer. */
const chainsForDegree = 2;
const defaultRing = 32768;
/** Assignments judged with refitted polynomials in one search. */
const mostRefits = 3;
const rounding = 1e-9;
/** Tries to confirm a choice, each a run over many images. */
const mostConfirmations = 4;
/** The share of calibration images that may blow up. */
const mostBlowUps = 1e-3;

/**
 * OLA's choice for networks deeper than any modulus chain, with the true cost: one dynamic programme decides levels, bootstraps and degrees together, on each
 * chain; the calibration images judge what it proposes, by rising seconds. Errors: FHE0403 when nothing keeps to the limits, FHE0602 when nothing fits.
 */
function chooseBootstrapped(
  canonical: Module,
  space: AssignmentSpace,
  calibration: Calibration,
  options: CompileOptions,
  progress: (name: string) => void,
): Choice {
  const ringDegree = options.ringDegree ?? defaultRing;
  const modelOf = (specialPrimes: number): CostModel => nativeModel(specialPrimes, options.costs);
  const chains = options.insecureForTests ? insecureChains(ringDegree, modelOf) : bootstrapChains(ringDegree, modelOf);
  progress('chains');
  if (chains.length === 0) {
    fail('FHE0602', `no bootstrap fits 128-bit security at N = ${ringDegree}`, undefined, [
      'bootstrapping needs --ring-degree 32768 or 65536',
    ]);
  }
  const network = new BootstrappedNetwork(canonical, space, calibration, ringDegree, chains[0].model);
  progress('layouts');
  const search = new Search(network, space, chains, options);
  const chosen = search.choose();
  const { proposal, assignment } = chosen;
  const { choice } = assignment.judged();
  progress('placement');
  const problem = network.problem(proposal.chain, (value, candidate) => isPicked(space, proposal, value, candidate));
  const rule = options.bootstraps ?? 'cost';
  const placement = placeBy(rule, problem, network.main);
  if (!placement)
    fail('FHE0602', `there are no bootstraps by the rule '${rule}' with ${levelsOf(proposal.chain)} levels`);
  const realise = (observe: Observe): Realisation =>
    realiseBootstrapped(canonical, choice, placement, proposal.chain, network, calibration, options, observe);
  const plan = { assignment, realisation: realise(progress) };
  return {
    chosen: plan,
    uniform: search.uniform === chosen ? plan : search.uniform && priced(search.uniform),
    accuracy: chosen.confirmed().accuracy,
    plans: [plan, ...search.judged.filter((p) => p !== chosen).map(priced)],
    bootstraps: accountOfBootstraps(rule, problem, placement, network.main, proposal.chain),
    warnings: search.warnings(assignment),
    repeat: (observe) => void realise(observe),
  };
}

const levelsOf = ({ plan }: BootstrapChain): number => plan.levels.output - plan.levels.input;

const isPicked = (space: AssignmentSpace, { candidates }: Proposal, value: Value, candidate: Candidate): boolean =>
  candidates[space.layers.findIndex((l) => l.value === value)] === candidate;

interface Judged {
  readonly proposal: Proposal;
  readonly assignment: Assignment;
  /** On more images, asked for once. */
  readonly confirmed: () => Assessment;
}

const priced = ({ proposal, assignment }: Judged): PricedPlan => ({
  assignment,
  realisation: {
    parameters: { ringDegree: proposal.chain.parameters.ringDegree },
    cost: { seconds: proposal.seconds },
  },
});

/** The first index from `low` to `high` - 1 where a test that stays true once true is true, else `high`; after `most` tests the least that is known to be. */
function leastIndex(low: number, high: number, most: number, test: (index: number) => boolean): number {
  for (let tests = 0; low < high && tests < most; tests++) {
    const middle = (low + high) >> 1;
    if (test(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

class Search {
  readonly #network: BootstrappedNetwork;
  readonly #space: AssignmentSpace;
  readonly #chains: readonly BootstrapChain[];
  readonly #options: CompileOptions;
  readonly #maxLoss: number;
  /** What was looked at. */
  readonly #met: Judged[] = [];
  /** What was judged with refitted polynomials. */
  readonly judged: Judged[] = [];
  uniform: Judged | undefined;

  constructor(
    network: BootstrappedNetwork,
    space: AssignmentSpace,
    chains: readonly BootstrapChain[],
    options: CompileOptions,
  ) {
    this.#network = network;
    this.#space = space;
    this.#chains = chains;
    this.#options = options;
    this.#maxLoss = options.maxAccuracyLoss ?? (options.maxLatency === undefined ? defaultMaxAccuracyLoss : Infinity);
  }

  choose(): Judged {
    const { degrees = 'layerwise', maxLatency } = this.#options;
    const alike = this.#uniformProposals();
    this.uniform = this.#best(
      alike.map(([fastest]) => fastest),
      typeof degrees === 'number',
    );
    const layerwise = degrees === 'layerwise' ? this.#best(this.#layerwiseProposals(alike), false) : undefined;
    const found = [layerwise, this.uniform].flatMap((j) => j ?? []);
    const key = ({ proposal, assignment }: Judged): number =>
      maxLatency === undefined ? proposal.seconds : assignment.judged().loss;
    const [best] = found.sort((a, b) => key(a) - key(b));
    return best ?? this.#failed();
  }

  warnings(assignment: Assignment): string[] {
    const { loss } = assignment.judged();
    return loss > this.#maxLoss
      ? [`the fixed degree loses ${loss.toFixed(2)} points, more than the limit of ${this.#maxLoss}`]
      : [];
  }

  /** Proposals on these chains that no other one beats in seconds and error, by rising seconds. */
  #front(
    chains: readonly BootstrapChain[],
    secondsUnit: number,
    allowed: (activation: Value, candidate: Candidate) => boolean,
  ): Proposal[] {
    let least = Infinity;
    return chains
      .flatMap((chain) => this.#proposals(chain, secondsUnit, allowed))
      .sort((a, b) => a.seconds - b.seconds)
      .filter(({ error }) => {
        if (error >= least) return false;
        least = error;
        return true;
      });
  }

  #proposals(
    chain: BootstrapChain,
    secondsUnit: number,
    allowed: (activation: Value, candidate: Candidate) => boolean,
  ): Proposal[] {
    const values = placedValues(this.#network.main);
    return placeBootstraps(this.#network.problem(chain, allowed), secondsUnit).map((placement) => ({
      chain,
      placement,
      candidates: this.#space.layers.map(({ value }) => {
        const choices = this.#network.choicesOf(value).filter((c) => allowed(value, c.candidate));
        return choices[placement.choices[values.indexOf(value)]].candidate;
      }),
      seconds: placement.seconds + chain.encodingSeconds,
      error: placement.error,
    }));
  }

  /** OLA's, on the chains that some uniform degree is fast on. */
  #layerwiseProposals(alike: readonly (readonly Proposal[])[]): Proposal[] {
    const chains = new Set(alike.flatMap((proposals) => proposals.slice(0, chainsForDegree).map((p) => p.chain)));
    const fastest = alike.at(0)?.at(0)?.seconds ?? 0;
    const useful = new Set<Candidate>(
      this.#space.layers.flatMap(({ choices }) => usefulCandidates(choices.filter((c) => c.form === 'direct'))),
    );
    return this.#front([...chains], timeResolution * fastest, (_, candidate) => useful.has(candidate));
  }

  /** For each degree that all activations have, or the one that the user fixed, its proposals on all chains by rising seconds. */
  #uniformProposals(): Proposal[][] {
    const { degrees } = this.#options;
    const [first] = this.#space.layers;
    const labels = new Set(
      first
        ? first.choices.flatMap((c) =>
            c.form === 'direct' && (typeof degrees !== 'number' || c.degree === degrees) ? [c.label] : [],
          )
        : ['none'],
    );
    return [...labels]
      .map((label) => {
        const picked = this.#space.layers.map(({ choices }) =>
          choices
            .filter((c) => c.label === label)
            .sort((a, b) => a.error - b.error)
            .at(0),
        );
        const known = new Set<Candidate | undefined>(picked);
        if (known.has(undefined)) return [];
        return this.#chains
          .flatMap((chain) => this.#proposals(chain, 0, (_, candidate) => known.has(candidate)))
          .sort((a, b) => a.seconds - b.seconds);
      })
      .filter((proposals) => proposals.length > 0)
      .sort(([a], [b]) => a.seconds - b.seconds);
  }

  /** The fastest that keeps the accuracy, found by bisection, or the most exact one in time. */
  #best(proposals: readonly Proposal[], anyLoss: boolean): Judged | undefined {
    const { maxLatency } = this.#options;
    if (maxLatency !== undefined) {
      const affordable = proposals.filter((p) => p.seconds <= maxLatency).slice(-3);
      return affordable
        .map((p) => this.#judge(p))
        .sort((a, b) => a.assignment.judged().loss - b.assignment.judged().loss)
        .at(0);
    }
    if (anyLoss) return proposals.length > 0 ? this.#judge(proposals[0]) : undefined;
    // Polynomials as fitted layer by layer say where to look; those fitted again through the network lose less, and take longer to judge.
    const fitted = ({ assignment }: Judged): boolean => assignment.fitted().loss <= this.#maxLoss + rounding;
    const sure = leastIndex(0, proposals.length, Infinity, (i) => fitted(this.#judge(proposals[i])));
    const low = leastIndex(0, sure, mostRefits, (i) => this.#keepsAccuracy(this.#judge(proposals[i])));
    // The images that judge every choice are few: the best is confirmed on more, else the next ones are.
    for (const proposal of proposals.slice(low, low + mostConfirmations)) {
      const judged = this.#judge(proposal);
      if (this.#keepsAccuracy(judged) && this.#isConfirmed(judged)) return judged;
    }
    return undefined;
  }

  #isConfirmed({ confirmed }: Judged): boolean {
    const { loss, accuracy } = confirmed();
    return loss <= this.#maxLoss + rounding && accuracy.blowUps <= mostBlowUps;
  }

  #judge(proposal: Proposal): Judged {
    const known = this.#met.find((j) => j.proposal === proposal);
    if (known) return known;
    const assignment = this.#space.of(proposal.candidates);
    let confirmation: Assessment | undefined;
    const confirmed = (): Assessment => (confirmation ??= this.#space.confirmed(assignment));
    const judged = { proposal, assignment, confirmed };
    this.#met.push(judged);
    return judged;
  }

  #keepsAccuracy(candidate: Judged): boolean {
    if (!this.judged.includes(candidate)) this.judged.push(candidate);
    return candidate.assignment.judged().loss <= this.#maxLoss + rounding;
  }

  #failed(): never {
    const least = Math.min(...this.judged.map((j) => j.assignment.judged().loss));
    return fail(
      'FHE0403',
      `no choice of polynomials keeps to the limits: the least loss reached is ${least.toFixed(2)} points`,
    );
  }
}
