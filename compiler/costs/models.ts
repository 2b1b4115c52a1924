import { costModel, defaultCostModel, type CostModel } from '../../passes/analysis/cost-model.ts';
import { nativeCostModel } from '../../passes/analysis/native-costs.ts';
import type { MeasuredCosts } from './cost-file.ts';

/** What SEAL's operations cost: as measured, else as shipped. */
export const sealModel = (costs?: MeasuredCosts): CostModel => (costs?.seal ? costModel(costs.seal) : defaultCostModel);

/** What the native engine's operations cost with so many special primes: as measured, else as shipped. */
export const nativeModel = (specialPrimes: number, costs?: MeasuredCosts): CostModel =>
  nativeCostModel(specialPrimes, costs?.native?.speed);
