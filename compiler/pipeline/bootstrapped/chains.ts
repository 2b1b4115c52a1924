import type { CostModel } from '../../../passes/analysis/cost-model.ts';
import { emitBootstrap } from '../../../passes/kernels/bootstrap/emit.ts';
import { chooseBootstrap, type ChosenBootstrap } from '../../../passes/kernels/bootstrap/choose.ts';
import { bootstrapDefaults, planBootstrap, withSlots } from '../../../passes/kernels/bootstrap/plan.ts';
import { predictPrecision } from '../../../passes/kernels/bootstrap/precision.ts';
import { priceOfBootstrap, type BootstrapPrice } from '../../../passes/place-bootstraps/bootstrap-cost.ts';
import { copiedBootstraps } from '../../../passes/schedule/bootstrapping.ts';
import type { Chain } from '../../../passes/schedule/schedule.ts';

/** A modulus chain with the bootstrap that runs on it, and what ops cost there. */
export interface BootstrapChain extends ChosenBootstrap {
  readonly model: CostModel;
  /** Of one bootstrap. */
  readonly seconds: number;
  /** To encode its vectors, once for all bootstraps. */
  readonly encodingSeconds: number;
  /** Of a bootstrap on this chain of so many slots of data. */
  readonly priceOf: (slots: number) => BootstrapPrice;
}

/** What chains are tried with: log2 of the user's scale, and special primes. More special primes make key switches cheaper and leave fewer levels. */
const scales = [32, 35, 38] as const;
const specials = [2, 3] as const;

/** -log2 of the mean error of a bootstrap beside values of size 1: networks are judged with noise afterwards. */
const leastPrecision = 14;
/** -log2 of the probability that a bootstrap fails: that of one image with some tens of bootstraps stays below 2^-50. */
const failureBits = 60;
/** More levels than a convolution and an activation of the highest degree take twice are of no use beside shorter chains. */
const mostUserLevels = 12;
const leastUserLevels = 3;
const insecureUserLevels = [4, 8] as const;

/** What a bootstrap at a ring degree is asked for, but for its levels. */
function goalOf(ringDegree: number, scaleBits: number, specialPrimes: number) {
  const factors = ringDegree > 32768 ? 3 : 2;
  return {
    ...bootstrapDefaults,
    ringDegree,
    slots: ringDegree / 2,
    scaleBits,
    specialPrimes,
    slotsToCoeffs: factors,
    coeffsToSlots: factors,
    failureBits,
    sineBits: 19,
    levelWorth: 12,
  };
}

/** What ops cost with so many special primes. */
export type NativeModel = (specialPrimes: number) => CostModel;

function withCosts(chosen: ChosenBootstrap, modelOf: NativeModel): BootstrapChain {
  const model = modelOf(chosen.parameters.specialPrimes.length);
  const prices = new Map<number, BootstrapPrice>();
  const priceOf = (slots: number): BootstrapPrice => {
    const price = prices.get(slots) ?? priceOfBootstrap({ ...chosen, plan: withSlots(chosen.plan, slots) }, model);
    prices.set(slots, price);
    return price;
  };
  const { each, once } = priceOf(chosen.plan.slots);
  return { ...chosen, model, seconds: each, encodingSeconds: once, priceOf };
}

/** The chains of one scale and number of special primes, by falling user levels. */
function secureChains(goal: ReturnType<typeof goalOf>, modelOf: NativeModel): BootstrapChain[] {
  const chains: BootstrapChain[] = [];
  for (let most = mostUserLevels; most >= leastUserLevels;) {
    const chosen = chooseBootstrap({ ...goal, precisionBits: leastPrecision, mostUserLevels: most });
    if (!chosen) break;
    chains.push(withCosts(chosen, modelOf));
    const { input, output } = chosen.plan.levels;
    most = output - input - 1;
  }
  return chains;
}

/** Chains of one ring degree and scale: those of smaller scales are faster and less exact. */
export interface ChainFamily {
  readonly ringDegree: number;
  /** At least one where any is secure; plans bootstraps, which takes seconds. */
  readonly chains: () => readonly BootstrapChain[];
}

/** Families by rising scale at a ring degree: for each number of user levels that 128-bit security leaves room for, by special primes. */
export function bootstrapChains(ringDegree: number, modelOf: NativeModel): ChainFamily[] {
  return scales.map((scaleBits) => ({
    ringDegree,
    chains: () =>
      specials.flatMap((specialPrimes) => secureChains(goalOf(ringDegree, scaleBits, specialPrimes), modelOf)),
  }));
}

/** Without security, for tests on small rings. */
export function insecureChains(ringDegree: number, modelOf: NativeModel): ChainFamily[] {
  const chains = (): BootstrapChain[] =>
    insecureUserLevels.map((userLevels) => {
      const planned = planBootstrap({ ...goalOf(ringDegree, 38, 2), userLevels, highBits: 47, specialBits: 49.9 });
      return withCosts({ ...planned, precision: predictPrecision(planned) }, modelOf);
    });
  return [{ ringDegree, chains }];
}

/** What the schedule needs to know of it. */
export function scheduleChain({ plan, parameters }: BootstrapChain): Chain {
  const bootstrapping = copiedBootstraps(parameters, plan.levels, (builder, x, period) =>
    emitBootstrap(builder, x, withSlots(plan, period), parameters),
  );
  return { parameters, bootstrapping };
}
