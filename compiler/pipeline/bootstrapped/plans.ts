import type { Module } from '../../../ir/module.ts';
import type { CostModel } from '../../../passes/analysis/cost-model.ts';
import { nativeModel } from '../../costs/models.ts';
import type { CompileOptions } from '../../options.ts';
import type { AssignmentSpace } from '../assignments.ts';
import type { Calibration } from '../calibrate.ts';
import { bootstrapChains, insecureChains, type BootstrapChain } from './chains.ts';
import { BootstrappedNetwork } from './network.ts';

/** Chains of one family, and the network laid out for them. Both take seconds to find, and are found once, when asked for. */
export interface BootstrapPlan {
  readonly chains: () => readonly BootstrapChain[];
  /** Of a family that has chains. */
  readonly network: () => BootstrappedNetwork;
}

const rings = [32768, 65536];

/** The ring degrees that bootstrapped networks are tried at. */
export const ringsOf = ({ ringDegree }: CompileOptions): readonly number[] =>
  ringDegree === undefined ? rings : [ringDegree];

/** The plans of all families, by rising ring degree and scale: by rising precision. */
export function bootstrapPlans(
  canonical: Module,
  space: AssignmentSpace,
  calibration: Calibration,
  options: CompileOptions,
): BootstrapPlan[] {
  const modelOf = (specialPrimes: number): CostModel => nativeModel(specialPrimes, options.costs);
  const familiesOf = options.insecureForTests ? insecureChains : bootstrapChains;
  return ringsOf(options).flatMap((ringDegree) => {
    const layOut = once((chain: BootstrapChain) => {
      return new BootstrappedNetwork(canonical, space, calibration, ringDegree, chain.model);
    });
    return familiesOf(ringDegree, modelOf).map((family) => {
      const chains = once(family.chains);
      return { chains: () => chains(undefined), network: () => layOut(chains(undefined)[0]) };
    });
  });
}

/** A function that keeps its first result. */
function once<A, R extends object>(make: (argument: A) => R): (argument: A) => R {
  let known: R | undefined;
  return (argument) => (known ??= make(argument));
}
