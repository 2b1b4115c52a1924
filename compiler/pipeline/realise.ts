import type { Parameters } from '../../ir/ckks/parameters.ts';
import { FhecError, InternalError } from '../../ir/diagnostics.ts';
import type { Module } from '../../ir/module.ts';
import { approximatedNnSpec, ckksSpec, slotsSpec, type Spec } from '../../ir/spec.ts';
import { verifyModule } from '../../ir/verify.ts';
import type { CostModel } from '../../passes/analysis/cost-model.ts';
import { costOf, type Cost } from '../../passes/analysis/cost.ts';
import { multiplicativeDepths } from '../../passes/nn/depth.ts';
import type { OperationCosts } from '../../passes/kernels/count-arithmetic.ts';
import type { Layouts } from '../../passes/lower-nn-to-slots/assign-layouts.ts';
import { orderForMemory } from '../../passes/ckks/order-for-memory.ts';
import { foldStaticScale } from '../../passes/nn/fold-static-scale.ts';
import { lowerNnToSlots } from '../../passes/lower-nn-to-slots/lower-nn-to-slots.ts';
import { maxScaleBits, scaleBitsFloor } from '../../passes/schedule/parameters.ts';
import { scheduleSlots, type Chain } from '../../passes/schedule/schedule.ts';
import { canonicaliseSlots } from '../../passes/slots/canonicalise-slots.ts';
import { chainRotations } from '../../passes/slots/chain-rotations.ts';
import { shareCommonSubexpressions } from '../../passes/slots/common-subexpressions.ts';
import type { CompileOptions } from '../options.ts';
import type { Calibration } from './calibrate.ts';
import { mainOf } from './main-of.ts';
import { isTooLargeForRing } from './out-of-reach.ts';
import { checkPrecision, measurePrecision, type Precision, type PrecisionGoal } from './precision.ts';

/** A network brought all the way to ckks, with its price. */
export interface Realisation {
  readonly module: Module;
  readonly parameters: Parameters;
  /** What the cost is predicted by. */
  readonly model: CostModel;
  readonly cost: Cost;
  readonly precision: Precision;
}

/** What of a realisation alternatives are compared by. */
export interface PricedRealisation {
  readonly parameters: Pick<Parameters, 'ringDegree'>;
  readonly cost: Pick<Cost, 'seconds'>;
}

const defaultPrecisionBits = 10;

const ringDegrees = [8192, 16384, 32768, 65536];

/** SEAL's own table of 128-bit security ends here. */
export const largestSealRing = 32768;

/** Where bootstraps can be had, they are faster than the largest ring. */
const ringsOf = ({ ringDegree, target }: CompileOptions): readonly number[] =>
  ringDegree === undefined ? ringDegrees.filter((n) => target !== 'native' || n <= largestSealRing) : [ringDegree];

/** The largest ring degree that may be used, and the most levels that it holds at 128-bit security. */
export function deepestRing(options: CompileOptions): { readonly ringDegree: number; readonly levels: number } {
  const ringDegree = Math.max(...ringsOf(options));
  if (options.insecureForTests) return { ringDegree, levels: Infinity };
  let levels = 0;
  while (maxScaleBits(ringDegree, levels + 1) >= scaleBitsFloor) levels++;
  return { ringDegree, levels };
}

export type Observe = (name: string, module: Module) => void;

/**
 * Lowers an approximated network at the smallest ring degree that is secure, deep and exact enough. Rings that are too small by the
 * depth of the network alone are not tried. Errors: those of the largest ring degree (FHE0602, FHE0603, FHE0502).
 */
export function realise(
  module: Module,
  calibration: Calibration,
  options: CompileOptions,
  model: CostModel,
  observe: Observe,
): Realisation {
  const folded = checked(foldStaticScale(module, calibration.ranges), approximatedNnSpec, 'fold-static-scale', observe);
  const candidates = ringsOf(options);
  const depth = Math.max(...multiplicativeDepths(mainOf(folded)).values());
  for (const ringDegree of candidates) {
    const last = ringDegree === candidates[candidates.length - 1];
    if (!last && maxScaleBits(ringDegree, depth) < scaleBitsFloor) continue;
    try {
      return realiseAt(ringDegree, folded, calibration, options, model, observe);
    } catch (error) {
      if (last || !isTooLargeForRing(error)) throw error;
    }
  }
  throw new InternalError('no ring degree was tried');
}

function realiseAt(
  ringDegree: number,
  folded: Module,
  calibration: Calibration,
  options: CompileOptions,
  model: CostModel,
  observe: Observe,
): Realisation {
  const goal: PrecisionGoal = { kind: 'bits', least: options.precisionBits ?? defaultPrecisionBits };
  return realiseFolded(folded, { slots: ringDegree / 2, model, goal }, calibration, options, observe);
}

/** How a folded network goes to ckks. */
export interface Road {
  readonly slots: number;
  readonly model: CostModel;
  readonly costs?: OperationCosts;
  /** Found already; searched for where absent. */
  readonly layouts?: Layouts;
  /** Where it is not chosen here. */
  readonly chain?: Chain;
  /** What is asked of the results. */
  readonly goal: PrecisionGoal;
}

/** From an approximated network whose scales are folded. Errors: FHE0602, FHE0603, FHE0502. */
export function realiseFolded(
  folded: Module,
  { slots, model, costs, layouts, chain, goal }: Road,
  calibration: Calibration,
  options: CompileOptions,
  observe: Observe,
): Realisation {
  const lowering = { slots, ...(costs && { costs }), ...(layouts && { layouts }) };
  const steps: readonly (readonly [string, (m: Module) => Module])[] = [
    ['lower-nn-to-slots', (m) => lowerNnToSlots(m, lowering)],
    ['canonicalise-slots', canonicaliseSlots],
    // Before chaining, so that each rotation of a source exists once.
    ['common-subexpressions', shareCommonSubexpressions],
    // Rotations are final now: few distinct steps, few keys.
    ['chain-rotations', (m) => chainRotations(m)],
  ];
  const inSlots = steps.reduce((m, [name, run]) => checked(run(m), slotsSpec, name, observe), folded);
  const scheduled = scheduleSlots(inSlots, {
    // Judged below with measured magnitudes; the schedule alone would have to assume the worst.
    precisionBits: -Infinity,
    insecureForTests: options.insecureForTests ?? false,
    costModel: model,
    ...(chain && { chain }),
  });
  const shared = checked(shareCommonSubexpressions(scheduled), ckksSpec, 'schedule', observe);
  // Last: it only changes the order, so that few ciphertexts live at once.
  const ckks = checked(orderForMemory(shared), ckksSpec, 'order-for-memory', observe);
  const { parameters } = ckks;
  if (!parameters) throw new InternalError('the schedule chose no parameters');
  const precision = measurePrecision(ckks, folded, parameters, calibration);
  checkPrecision(precision, goal, calibration, [
    `scale 2^${Math.log2(parameters.scales[0]).toFixed(0)} at N = ${2 * slots} for ${parameters.primes.length - 1} levels`,
  ]);
  return { module: ckks, parameters, model, precision, cost: costOf(mainOf(ckks), parameters, model) };
}

/** Verifies what a step made and shows it. */
export function checked(module: Module, spec: Spec, name: string, observe: Observe): Module {
  const found = verifyModule(module, spec);
  if (found.length > 0) throw new FhecError(found);
  observe(name, module);
  return module;
}
