import { InternalError } from '../../ir/diagnostics.ts';
import type { Func, Value } from '../../ir/module.ts';
import { registry } from '../../ir/registry.ts';
import { tensor, type Tensor } from '../../ir/tensor.ts';

/** How large a value of a slots or ckks function is on real inputs. */
export interface Magnitude {
  /** Root mean square over all slots and inputs. */
  readonly typical: number;
  /** Largest absolute number in any slot. */
  readonly largest: number;
}

/**
 * Runs a slots or ckks function exactly on each input (one vector a parameter) and measures every value, slots that hold no element
 * included: what noise is multiplied with, and what must fit under the modulus.
 */
export function measureMagnitudes(
  func: Func,
  inputs: readonly (readonly Float64Array[])[],
): ReadonlyMap<Value, Magnitude> {
  const sums = new Map<Value, { squares: number; count: number; largest: number }>();
  const record = (value: Value, { data }: Tensor): void => {
    const sum = sums.get(value) ?? { squares: 0, count: 0, largest: 0 };
    for (const x of data) {
      sum.squares += x * x;
      const size = Math.abs(x);
      if (!(size <= sum.largest)) sum.largest = size;
    }
    sum.count += data.length;
    sums.set(value, sum);
  };
  const last = new Map<Value, Value>();
  for (const op of func.body) op.operands.forEach((o) => last.set(o, op));
  for (const vectors of inputs) {
    const known = new Map<Value, Tensor>(func.params.map((p, i) => [p, tensor([vectors[i].length], vectors[i])]));
    known.forEach((data, value) => record(value, data));
    const of = (value: Value): Tensor => {
      const data = known.get(value);
      if (!data) throw new InternalError(`value of ${value.op} used before its definition`);
      return data;
    };
    for (const op of func.body) {
      const data = registry.get(op.op).eval(op.operands.map(of), op.attrs);
      record(op, data);
      known.set(op, data);
      for (const o of op.operands) if (last.get(o) === op) known.delete(o);
    }
  }
  return new Map(
    [...sums].map(([value, { squares, count, largest }]) => [value, { typical: Math.sqrt(squares / count), largest }]),
  );
}
