import { costModel, defaultCostModel, type CostModel } from '../../passes/analysis/cost-model.ts';
import { defaultNativeThreads, nativeCostModel } from '../../passes/analysis/native-costs.ts';
import type { CompileOptions } from '../options.ts';
import type { MeasuredCosts } from './cost-file.ts';

/** What SEAL's operations cost: as measured, else as shipped. */
export const sealModel = (costs?: MeasuredCosts): CostModel => (costs?.seal ? costModel(costs.seal) : defaultCostModel);

/** How many threads predicted seconds are of. */
export const pricedThreads = ({ target, costs }: CompileOptions): number =>
  target === 'native' ? (costs?.native?.threads ?? defaultNativeThreads) : 1;

/** What the native engine's operations cost with so many special primes: as measured, else as shipped. */
export const nativeModel = (specialPrimes: number, costs?: MeasuredCosts): CostModel =>
  nativeCostModel(specialPrimes, costs?.native?.speed);
