import type { Builder } from '../../../ir/builder.ts';
import type { Parameters } from '../../../ir/ckks/parameters.ts';
import type { Attrs } from '../../../ir/define.ts';
import type { Loc } from '../../../ir/diagnostics.ts';
import { InternalError } from '../../../ir/diagnostics.ts';
import { Builder as SlotsBuilder } from '../../../ir/builder.ts';
import type { Func, Value } from '../../../ir/module.ts';
import { registry } from '../../../ir/registry.ts';
import { packedType } from '../../../ir/types.ts';
import { defaultCostModel } from '../../analysis/cost-model.ts';
import { lowerSlotsToCkks } from '../../schedule/lower-slots-to-ckks.ts';
import { planSchedule } from '../../schedule/plan.ts';
import { depthOf } from '../../schedule/levels.ts';
import type { Arithmetic } from '../arithmetic.ts';
import { emitArithmetic } from '../emit-arithmetic.ts';

/** The part of the chain from `bottom` on, as a chain of its own. */
const chainFrom = (parameters: Parameters, bottom: number): Parameters => ({
  ...parameters,
  primes: parameters.primes.slice(bottom),
  scales: parameters.scales.slice(bottom),
});

/**
 * Schedules a kernel of one encrypted operand on the levels from `bottom` on: its result stands at `bottom`, its operand must stand at the level
 * that it needs. The schedule is the one of every program (passes/schedule), so the kernel shares rescales and relinearizations as they do.
 */
function scheduleSegment(
  parameters: Parameters,
  bottom: number,
  loc: Loc,
  kernel: (on: Arithmetic<Value>, x: Value) => Value,
): Func {
  const slots = parameters.ringDegree / 2;
  const builder = new SlotsBuilder();
  const x = builder.param('x', packedType(slots), loc);
  const y = kernel(emitArithmetic(builder, slots, loc), x);
  const func = builder.finish('main', [{ name: 'y', value: y }]);
  const plan = planSchedule(func, parameters.ringDegree, { costModel: defaultCostModel, earlyRescale: false });
  const chain = chainFrom(parameters, bottom);
  if (depthOf(plan.levels) >= chain.primes.length) throw new InternalError('the kernel is deeper than the chain');
  return lowerSlotsToCkks(func, plan, chain);
}

/** Emits a kernel of one operand so that its result stands at level `bottom` with the canonical scale. */
export function emitSegment(
  builder: Builder,
  parameters: Parameters,
  bottom: number,
  operand: Value,
  kernel: (on: Arithmetic<Value>, x: Value) => Value,
): Value {
  const func = scheduleSegment(parameters, bottom, operand.loc, kernel);
  const [param] = func.params;
  if (operand.type.kind !== 'cipher' || param.type.kind !== 'cipher') throw new InternalError('no ciphertext');
  const { level, scale } = param.type;
  if (operand.type.level !== level + bottom || operand.type.scale !== scale)
    throw new InternalError(`the operand is at level ${operand.type.level}, the kernel needs ${level + bottom}`);
  const emitted = new Map<Value, Value>([[param, operand]]);
  const of = (value: Value): Value => {
    const found = emitted.get(value);
    if (!found) throw new InternalError(`value of ${value.op} used before its definition`);
    return found;
  };
  for (const value of func.body)
    emitted.set(
      value,
      builder.create(registry.get(value.op), value.operands.map(of), raised(value.attrs, bottom), value.loc),
    );
  return of(func.results[0].value);
}

/** Attributes with their level counted from the bottom of the whole chain. */
function raised(attrs: Attrs, by: number): Attrs {
  const { level } = attrs;
  return typeof level === 'number' ? { ...attrs, level: level + by } : attrs;
}
