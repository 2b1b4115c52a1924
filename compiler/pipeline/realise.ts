import type { Parameters } from '../../ir/ckks/parameters.ts';
import type { Code } from '../../ir/codes.ts';
import { FhecError } from '../../ir/diagnostics.ts';
import type { Module } from '../../ir/module.ts';
import { approximatedNnSpec, ckksSpec, slotsSpec, type Spec } from '../../ir/spec.ts';
import { verifyModule } from '../../ir/verify.ts';
import type { CostModel } from '../../passes/analysis/cost-model.ts';
import { costOf, type Cost } from '../../passes/analysis/cost.ts';
import { foldStaticScale } from '../../passes/nn/fold-static-scale.ts';
import { lowerNnToSlots } from '../../passes/lower-nn-to-slots/lower-nn-to-slots.ts';
import { scheduleSlots } from '../../passes/schedule/schedule.ts';
import { canonicaliseSlots } from '../../passes/slots/canonicalise-slots.ts';
import { chainRotations } from '../../passes/slots/chain-rotations.ts';
import { shareCommonSubexpressions } from '../../passes/slots/common-subexpressions.ts';
import type { CompileOptions } from '../options.ts';
import type { Calibration } from './calibrate.ts';
import { mainOf } from './main-of.ts';

/** A network brought all the way to ckks, with its price. */
export interface Realisation {
  readonly module: Module;
  readonly parameters: Parameters;
  readonly cost: Cost;
}

const ringDegrees = [8192, 16384, 32768];

/** What a ring degree may refuse that a larger one may allow. */
const tooSmall: ReadonlySet<Code> = new Set<Code>(['FHE0502', 'FHE0602', 'FHE0603']);

export type Observe = (name: string, module: Module) => void;

/**
 * Lowers an approximated network at the smallest ring degree that is secure, deep and exact enough. `depth` is a lower bound of its
 * levels, which spares the lowering at rings that are too small. Errors: those of the largest ring degree (FHE0602, FHE0603, FHE0502).
 */
export function realise(
  module: Module,
  calibration: Calibration,
  options: CompileOptions,
  model: CostModel,
  observe: Observe,
): Realisation {
  const folded = checked(foldStaticScale(module, calibration.ranges), approximatedNnSpec, 'fold-static-scale', observe);
  const candidates = options.ringDegree === undefined ? ringDegrees : [options.ringDegree];
  for (const ringDegree of candidates) {
    try {
      return realiseAt(ringDegree, folded, options, model, observe);
    } catch (error) {
      const last = ringDegree === candidates[candidates.length - 1];
      if (last || !(error instanceof FhecError) || !tooSmall.has(error.diagnostics[0].code)) throw error;
    }
  }
  throw new Error('no ring degree was tried');
}

function realiseAt(
  ringDegree: number,
  folded: Module,
  options: CompileOptions,
  model: CostModel,
  observe: Observe,
): Realisation {
  const steps: readonly (readonly [string, (m: Module) => Module])[] = [
    ['lower-nn-to-slots', (m) => lowerNnToSlots(m, { slots: ringDegree / 2 })],
    ['canonicalise-slots', canonicaliseSlots],
    // Before chaining, so that each rotation of a source exists once.
    ['common-subexpressions', shareCommonSubexpressions],
    // Rotations are final now: few distinct steps, few keys.
    ['chain-rotations', (m) => chainRotations(m)],
  ];
  const slots = steps.reduce((m, [name, run]) => checked(run(m), slotsSpec, name, observe), folded);
  const scheduled = scheduleSlots(slots, {
    precisionBits: options.precisionBits ?? 10,
    insecureForTests: options.insecureForTests ?? false,
    costModel: model,
  });
  const ckks = checked(shareCommonSubexpressions(scheduled), ckksSpec, 'schedule', observe);
  const { parameters } = ckks;
  if (!parameters) throw new Error('the schedule chose no parameters');
  return { module: ckks, parameters, cost: costOf(mainOf(ckks), parameters, model) };
}

function checked(module: Module, spec: Spec, name: string, observe: Observe): Module {
  const found = verifyModule(module, spec);
  if (found.length > 0) throw new FhecError(found);
  observe(name, module);
  return module;
}
