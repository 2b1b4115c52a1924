import type { Parameters } from '../../ir/ckks/parameters.ts';
import type { Func, Value } from '../../ir/module.ts';

/** What a checker finds out about a value on its own, from operations and parameters alone. */
export interface Facts {
  readonly level: number;
  readonly scale: number;
  /** 0 for a plaintext. */
  readonly size: number;
}

const numberAttr = (value: Value, name: string): number => {
  const attr = value.attrs[name];
  return typeof attr === 'number' ? attr : NaN;
};

/**
 * Level, scale and size of every value of a ckks function, computed from the parameters of the function and the chain; the types of
 * ops are not read and the inference of the ops is not called. Operands that do not agree are the business of the checkers: here the
 * first operand decides.
 */
export function recompute(func: Func, { primes }: Parameters): ReadonlyMap<Value, Facts> {
  const facts = new Map<Value, Facts>();
  const unknown: Facts = { level: NaN, scale: NaN, size: NaN };
  for (const param of func.params) {
    facts.set(param, param.type.kind === 'cipher' ? param.type : unknown);
  }
  for (const value of func.body) {
    const [a, b] = value.operands.map((o) => facts.get(o) ?? unknown);
    facts.set(value, factsOf(value, a, b));
  }
  return facts;

  function factsOf(value: Value, a: Facts, b: Facts): Facts {
    switch (value.op) {
      case 'ckks.encode':
        return { level: numberAttr(value, 'level'), scale: numberAttr(value, 'scale'), size: 0 };
      case 'ckks.add':
      case 'ckks.sub':
        return { ...a, size: Math.max(a.size, b.size) };
      case 'ckks.mul':
        return { level: a.level, scale: a.scale * b.scale, size: a.size + b.size - 1 };
      case 'ckks.mul_plain':
        return { ...a, scale: a.scale * b.scale };
      case 'ckks.relinearize':
        return { ...a, size: 2 };
      case 'ckks.rescale':
        return { ...a, level: a.level - 1, scale: a.scale / Number(primes.at(a.level) ?? NaN) };
      case 'ckks.mod_switch':
      case 'ckks.mod_raise':
        return { ...a, level: numberAttr(value, 'level') };
      case 'ckks.negate':
      case 'ckks.add_plain':
      case 'ckks.rotate':
      case 'ckks.conjugate':
      case 'ckks.mul_i':
      case 'ckks.switch_key':
        return a;
      default:
        return unknown;
    }
  }
}
