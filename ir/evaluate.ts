import { InternalError } from './diagnostics.ts';
import type { Func, Value } from './module.ts';
import { registry } from './registry.ts';
import type { Tensor } from './tensor.ts';

/** Runs a function of any level on exact reals, op by op: the definition that every other execution is compared with. */
export function evaluateFunc(func: Func, inputs: readonly Tensor[]): Tensor[] {
  if (inputs.length !== func.params.length) {
    throw new InternalError(`${func.name} takes ${func.params.length} inputs, not ${inputs.length}`);
  }
  const known = new Map<Value, Tensor>(func.params.map((p, i) => [p, inputs[i]]));
  const of = (value: Value): Tensor => {
    const tensor = known.get(value);
    if (!tensor) throw new InternalError(`value of ${value.op} used before its definition`);
    return tensor;
  };
  for (const op of func.body) known.set(op, registry.get(op.op).eval(op.operands.map(of), op.attrs));
  return func.results.map((r) => of(r.value));
}
