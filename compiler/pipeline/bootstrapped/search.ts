import { fail } from '../../../ir/diagnostics.ts';
import type { Value } from '../../../ir/module.ts';
import type { Candidate } from '../../../passes/approximate/candidate.ts';
import { usefulCandidates } from '../../../passes/approximate/candidates.ts';
import { placedValues } from '../../../passes/place-bootstraps/network-problem.ts';
import { placeBootstraps } from '../../../passes/place-bootstraps/place-bootstraps.ts';
import type { Placement } from '../../../passes/place-bootstraps/problem.ts';
import type { CompileOptions } from '../../options.ts';
import type { Assignment, AssignmentSpace } from '../assignments.ts';
import { firstIndex } from '../first-index.ts';
import { keepsLimit, lossLimit, lossWarnings } from '../loss-limit.ts';
import type { BootstrapChain } from './chains.ts';
import type { BootstrappedNetwork } from './network.ts';

/** Polynomials, a chain and bootstraps: what one run of the programme proposes. */
export interface Proposal {
  readonly chain: BootstrapChain;
  readonly placement: Placement;
  readonly candidates: readonly Candidate[];
  readonly seconds: number;
  readonly error: number;
}

/** A proposal with the polynomials that the calibration images judge. */
export interface Judged {
  readonly proposal: Proposal;
  readonly assignment: Assignment;
}

/** Solutions whose seconds differ by less than this share of the fastest one's are not told apart, value by value. */
const timeResolution = 1 / 100;
/** Proposals that one search looks at: more differ by less than their judgement is worth. */
const mostProposals = 64;
/** Runs over many images to confirm a choice. */
const mostConfirmations = 6;
/** The images that judge every choice are few: one that exceeds the limit by no more than this factor is left to the confirmation. */
const narrowly = 1.1;
/** Under a limit of time so many of the slowest within it are judged. */
const judgedInTime = 3;
/** What is left of the predicted error after a step at most. */
const largestStep = 0.85;
/** The share of calibration images that may blow up. */
const mostBlowUps = 1e-3;

/** Which candidates of an activation a run of the programme may take. */
type Allowed = (activation: Value, candidate: Candidate) => boolean;

/**
 * OLA's search with the true cost of a degree, on the chains of one family: the programme proposes, the calibration images judge. Least seconds under a
 * loss of accuracy, or least loss under a time.
 */
export class Search {
  readonly #network: BootstrappedNetwork;
  readonly #space: AssignmentSpace;
  readonly #chains: readonly BootstrapChain[];
  readonly #options: CompileOptions;
  readonly #maxLoss: number;
  readonly #met = new Map<Proposal, Judged>();
  #leastLoss = Infinity;

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
    this.#maxLoss = lossLimit(options);
  }

  /** What was judged. */
  get judged(): readonly Judged[] {
    return [...this.#met.values()];
  }

  /** The best proposal, and the best of those with one degree everywhere. Errors: FHE0403 when none keeps to the limits, FHE0602 when there is none. */
  choose(): { readonly chosen: Judged; readonly uniform: Judged | undefined } {
    const { degrees = 'layerwise', maxLatency } = this.#options;
    const alike = this.#uniformProposals();
    const uniform = this.#best(alike, typeof degrees === 'number');
    const layerwise =
      degrees === 'layerwise' ? this.#best(this.#layerwiseProposals(alike.at(0)?.seconds ?? 0), false) : undefined;
    const key = ({ proposal, assignment }: Judged): number =>
      maxLatency === undefined ? proposal.seconds : assignment.judged().loss;
    const [chosen] = [layerwise, uniform].flatMap((j) => j ?? []).sort((a, b) => key(a) - key(b));
    return { chosen: chosen ?? this.#failed(alike.at(0)), uniform };
  }

  warnings(assignment: Assignment): string[] {
    return lossWarnings(assignment.confirmed().loss, this.#maxLoss);
  }

  #proposals(chain: BootstrapChain, secondsUnit: number, allowed: Allowed): Proposal[] {
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

  /** OLA's: on each chain every trade of seconds against predicted error; a program takes about so many seconds. */
  #layerwiseProposals(seconds: number): Proposal[] {
    const useful = new Set<Candidate>(this.#space.layers.flatMap(({ direct }) => usefulCandidates(direct)));
    const unit = timeResolution * seconds;
    return thinned(undominated(this.#chains.flatMap((chain) => this.#proposals(chain, unit, (_, c) => useful.has(c)))));
  }

  /** Each degree that all activations have, or the one that the user fixed, on the chain that is fastest for it. */
  #uniformProposals(): Proposal[] {
    const { degrees } = this.#options;
    const { layers } = this.#space;
    const [first] = layers;
    const wanted = (degree: number): boolean => typeof degrees !== 'number' || degree === degrees;
    // A network without activations has one proposal.
    const labels = first ? first.direct.flatMap((c) => (wanted(c.degree) ? [c.label] : [])) : ['none'];
    const fastest = [...new Set(labels)].flatMap((label) => {
      const picked = layers.map(({ direct }) =>
        direct
          .filter((c) => c.label === label)
          .sort((a, b) => a.error - b.error)
          .at(0),
      );
      const known = new Set<Candidate | undefined>(picked);
      if (known.has(undefined)) return [];
      return this.#chains
        .flatMap((chain) => this.#proposals(chain, 0, (_, candidate) => known.has(candidate)))
        .sort((a, b) => a.seconds - b.seconds)
        .slice(0, 1);
    });
    return undominated(fastest);
  }

  /** The fastest that keeps the accuracy, found by bisection, or the most exact one in time. */
  #best(proposals: readonly Proposal[], anyLoss: boolean): Judged | undefined {
    const { maxLatency } = this.#options;
    if (maxLatency !== undefined) {
      return proposals
        .filter((p) => p.seconds <= maxLatency)
        .slice(-judgedInTime)
        .map((p) => this.#judge(p))
        .sort((a, b) => a.assignment.judged().loss - b.assignment.judged().loss)
        .at(0);
    }
    if (anyLoss) return proposals.length > 0 ? this.#judge(proposals[0]) : undefined;
    const kept = firstIndex(proposals.length, (i) => this.#keepsAccuracy(this.#judge(proposals[i])));
    // The images that judge every choice are few. Where more of them disagree, the predicted error has to fall as much as the loss.
    for (let at = kept, tests = 0; at < proposals.length && tests < mostConfirmations; tests++) {
      const judged = this.#judge(proposals[at]);
      const { loss, accuracy } = judged.assignment.confirmed();
      this.#leastLoss = Math.min(this.#leastLoss, loss);
      if (keepsLimit(loss, this.#maxLoss) && accuracy.blowUps <= mostBlowUps) return judged;
      const error = proposals[at].error * Math.min(largestStep, this.#maxLoss / loss);
      const next = proposals.findIndex((p, i) => i > at && p.error <= error);
      // The last try is the most exact proposal.
      at = next < 0 || tests === mostConfirmations - 2 ? Math.max(at + 1, proposals.length - 1) : next;
    }
    return undefined;
  }

  #keepsAccuracy({ assignment }: Judged): boolean {
    const { loss } = assignment.judged();
    return keepsLimit(loss, narrowly * this.#maxLoss);
  }

  #judge(proposal: Proposal): Judged {
    const judged = this.#met.get(proposal) ?? { proposal, assignment: this.#space.of(proposal.candidates) };
    this.#met.set(proposal, judged);
    return judged;
  }

  #failed(fastest: Proposal | undefined): never {
    if (!fastest) fail('FHE0602', 'no chain holds a step of the network between two bootstraps');
    const { maxLatency } = this.#options;
    // What many images say counts, where they were asked.
    const least =
      this.#leastLoss < Infinity
        ? this.#leastLoss
        : Math.min(...this.judged.map(({ assignment }) => assignment.judged().loss));
    return fail(
      'FHE0403',
      maxLatency === undefined
        ? `no choice of polynomials keeps to the limits: the least loss reached is ${least.toFixed(2)} points`
        : `no choice of polynomials keeps to the limits: the least time reached is ${fastest.seconds.toFixed(1)} s`,
      undefined,
      [maxLatency === undefined ? `asked for at most ${this.#maxLoss} points` : `asked for at most ${maxLatency} s`],
    );
  }
}

/** Those that no other one beats in seconds and error, by rising seconds. */
function undominated(proposals: readonly Proposal[]): Proposal[] {
  let least = Infinity;
  return [...proposals]
    .sort((a, b) => a.seconds - b.seconds || a.error - b.error)
    .filter(({ error }) => {
      if (error >= least) return false;
      least = error;
      return true;
    });
}

/** At most {@link mostProposals} of them, evenly, the last one among them. */
function thinned(proposals: readonly Proposal[]): Proposal[] {
  const every = Math.ceil(proposals.length / mostProposals);
  return proposals.filter((_, i) => (proposals.length - 1 - i) % every === 0);
}
