import { fail, type FhecError } from '../../../ir/diagnostics.ts';
import type { Module, Value } from '../../../ir/module.ts';
import type { Candidate } from '../../../passes/approximate/candidate.ts';
import type { CompileOptions } from '../../options.ts';
import type { AssignmentSpace } from '../assignments.ts';
import type { Calibration } from '../calibrate.ts';
import type { Choice, PricedPlan } from '../choose.ts';
import { isOutOfReach, isTooDeepOrInexact } from '../out-of-reach.ts';
import { deepestRing, type Observe, type Realisation } from '../realise.ts';
import { accountOfBootstraps, placeBy } from './account.ts';
import type { BootstrapChain } from './chains.ts';
import type { BootstrappedNetwork } from './network.ts';
import { ringsOf, type BootstrapPlan } from './plans.ts';
import { realiseBootstrapped } from './realise.ts';
import { Search, type Judged, type Proposal } from './search.ts';

/**
 * The choice for the native engine: bootstraps where no modulus chain holds the network. `flat` chooses without any. Errors: those of both.
 */
export function chooseNative(
  flat: () => Choice,
  plans: readonly BootstrapPlan[],
  canonical: Module,
  space: AssignmentSpace,
  calibration: Calibration,
  options: CompileOptions,
  progress: (name: string) => void,
): Choice {
  const bootstrapped = (): Choice => chooseBootstrapped(plans, canonical, space, calibration, options, progress);
  if (options.bootstraps !== undefined || space.leastLevels() > deepestRing(options).levels) return bootstrapped();
  try {
    return flat();
  } catch (error) {
    if (!isOutOfReach(error)) throw error;
    return bootstrapped();
  }
}

/**
 * OLA's choice for networks deeper than any modulus chain, with the true cost: one dynamic programme decides levels, bootstraps and degrees together, on each
 * chain; the calibration images judge what it proposes, by rising seconds. Chains of small scales are faster, so that the first family whose plan is exact
 * enough is the best one. Errors: FHE0403 when nothing keeps to the limits, FHE0602 when nothing fits, FHE0603 when nothing is exact enough.
 */
function chooseBootstrapped(
  plans: readonly BootstrapPlan[],
  canonical: Module,
  space: AssignmentSpace,
  calibration: Calibration,
  options: CompileOptions,
  progress: (name: string) => void,
): Choice {
  let refused: FhecError | undefined;
  for (const plan of plans) {
    const chains = plan.chains();
    progress('chains');
    if (chains.length === 0) continue;
    const network = plan.network();
    progress('layouts');
    try {
      return chooseOn(chains, network, canonical, space, calibration, options, progress);
    } catch (error) {
      if (!isTooDeepOrInexact(error)) throw error;
      refused = refused?.diagnostics[0].code === 'FHE0603' && error.diagnostics[0].code !== 'FHE0603' ? refused : error;
    }
  }
  if (refused) throw refused;
  return fail('FHE0602', `no bootstrap fits 128-bit security at N = ${ringsOf(options).join(' or ')}`, undefined, [
    'bootstrapping needs --ring-degree 32768 or 65536',
  ]);
}

/** The choice on the chains of one family. */
function chooseOn(
  chains: readonly BootstrapChain[],
  network: BootstrappedNetwork,
  canonical: Module,
  space: AssignmentSpace,
  calibration: Calibration,
  options: CompileOptions,
  progress: (name: string) => void,
): Choice {
  const search = new Search(network, space, chains, options);
  const { chosen, uniform } = search.choose();
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
    uniform: uniform === chosen ? plan : uniform && priced(uniform),
    accuracy: assignment.confirmed().accuracy,
    plans: [plan, ...search.judged.filter((p) => p !== chosen).map(priced)],
    bootstraps: accountOfBootstraps(rule, problem, placement, network.main, proposal.chain),
    warnings: search.warnings(assignment),
    repeat: (observe) => void realise(observe),
  };
}

const levelsOf = ({ plan }: BootstrapChain): number => plan.levels.output - plan.levels.input;

const isPicked = (space: AssignmentSpace, { candidates }: Proposal, value: Value, candidate: Candidate): boolean =>
  candidates[space.layers.findIndex((l) => l.value === value)] === candidate;

const priced = ({ proposal, assignment }: Judged): PricedPlan => ({
  assignment,
  realisation: {
    parameters: { ringDegree: proposal.chain.parameters.ringDegree },
    cost: { seconds: proposal.seconds },
  },
});
