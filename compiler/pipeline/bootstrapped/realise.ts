import type { Module, Value } from '../../../ir/module.ts';
import { findActivation } from '../../../ir/nn/activations.ts';
import { approximatedNnSpec } from '../../../ir/spec.ts';
import { approximateActivations } from '../../../passes/approximate/approximate-activations.ts';
import type { Candidate } from '../../../passes/approximate/candidate.ts';
import { foldStaticScale } from '../../../passes/nn/fold-static-scale.ts';
import { insertRefreshes } from '../../../passes/place-bootstraps/insert-refreshes.ts';
import type { Placement } from '../../../passes/place-bootstraps/problem.ts';
import type { CompileOptions } from '../../options.ts';
import type { Calibration } from '../calibrate.ts';
import { mainOf } from '../main-of.ts';
import type { PrecisionGoal } from '../precision.ts';
import { checked, realiseFolded, type Observe, type Realisation } from '../realise.ts';
import { scheduleChain, type BootstrapChain } from './chains.ts';
import type { BootstrappedNetwork } from './network.ts';

const activationsOf = (module: Module): Value[] => mainOf(module).body.filter((v) => findActivation(v.op));

/** Marks the bootstraps in canonical nn, and puts the polynomials in: activations keep their order. */
function withBootstraps(canonical: Module, choice: ReadonlyMap<Value, Candidate>, placement: Placement): Module {
  const main = mainOf(canonical);
  const refreshed: Module = {
    ...canonical,
    funcs: canonical.funcs.map((f) => (f === main ? insertRefreshes(f, placement) : f)),
  };
  const after = activationsOf(refreshed);
  const moved = new Map<Value, Candidate>();
  activationsOf(canonical).forEach((value, i) => {
    const candidate = choice.get(value);
    if (candidate) moved.set(after[i], candidate);
  });
  return approximateActivations(refreshed, moved);
}

/** Noise costs accuracy as polynomials do: of bits above it a deep network needs as many as its margins ask for. */
const mostChangedAnswers = 0.001;

const goalOf = ({ precisionBits }: CompileOptions): PrecisionGoal =>
  precisionBits === undefined
    ? { kind: 'answers', mostChanged: mostChangedAnswers }
    : { kind: 'bits', least: precisionBits };

/** Brings a canonical network with its polynomials and bootstraps to ckks on a chain. Errors: FHE0602, FHE0603, FHE0502, FHE0803. */
export function realiseBootstrapped(
  canonical: Module,
  choice: ReadonlyMap<Value, Candidate>,
  placement: Placement,
  chain: BootstrapChain,
  network: BootstrappedNetwork,
  calibration: Calibration,
  options: CompileOptions,
  observe: Observe,
): Realisation {
  const approximated = checked(
    withBootstraps(canonical, choice, placement),
    approximatedNnSpec,
    'place-bootstraps',
    observe,
  );
  const folded = checked(
    foldStaticScale(approximated, calibration.ranges),
    approximatedNnSpec,
    'fold-static-scale',
    observe,
  );
  const { slots, costs, layouts } = network;
  const goal = goalOf(options);
  const road = { slots, costs, layouts, model: chain.model, chain: scheduleChain(chain), goal };
  return realiseFolded(folded, road, calibration, options, observe);
}
