import { isMatrixAttr, isTensorAttr, type Attr } from '../../ir/define.ts';
import type { Module, Value } from '../../ir/module.ts';
import { registry } from '../../ir/registry.ts';
import { rewriteFunc, type Rewriter } from '../../ir/rewrite.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { definePass } from '../define-pass.ts';

/** A hash of the numbers of a tensor (FNV-1a over the 32-bit halves of the doubles). */
function hashNumbers(t: Tensor): number {
  const words = new Uint32Array(t.data.buffer, t.data.byteOffset, t.data.length * 2);
  let hash = 2166136261;
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i], 16777619);
  return hash >>> 0;
}

const sameTensor = (a: Tensor, b: Tensor): boolean =>
  a.data === b.data || (a.data.length === b.data.length && a.data.every((v, i) => Object.is(v, b.data[i])));

const sameAttr = (a: Attr, b: Attr): boolean => {
  if (typeof a === 'object' && typeof b === 'object') {
    if (isTensorAttr(a) && isTensorAttr(b)) return sameTensor(a, b);
    return a === b || (!isMatrixAttr(a) && !isMatrixAttr(b) && JSON.stringify(a) === JSON.stringify(b));
  }
  return a === b;
};

const sameOp = (a: Value, b: Value): boolean =>
  a.operands.every((o, i) => o === b.operands[i]) &&
  Object.entries(a.attrs).every(([name, attr]) => {
    const other = b.attrs[name];
    return other !== undefined && sameAttr(attr, other);
  });

/** Gives equal ops on equal operands one value; constants are compared by content, operands of commutative ops in any order. */
export function shareCommonSubexpressions(module: Module): Module {
  const funcs = module.funcs.map((func) => {
    const numbers = new Map<Value, number>();
    const numberOf = (v: Value): number => {
      const known = numbers.get(v) ?? numbers.size;
      numbers.set(v, known);
      return known;
    };
    const buckets = new Map<string, Value[]>();
    // Constants are often shared already: the copies of a bootstrap have the same vectors.
    const hashes = new Map<Float64Array, number>();
    const hashTensor = (t: Tensor): number => {
      const hash = hashes.get(t.data) ?? hashNumbers(t);
      hashes.set(t.data, hash);
      return hash;
    };
    const context = { parameters: module.parameters };
    const share = (op: Value, { builder, mapped }: Rewriter): Value => {
      const operands = op.operands.map(mapped);
      if (registry.get(op.op).traits.includes('commutative')) operands.sort((a, b) => numberOf(a) - numberOf(b));
      const attrs = Object.entries(op.attrs).map(([name, a]) =>
        typeof a === 'object' ? (isTensorAttr(a) ? `${name}:${hashTensor(a)}` : name) : `${name}:${a}`,
      );
      const key = `${op.op}(${operands.map(numberOf).join()})${attrs.join()}`;
      const bucket = buckets.get(key) ?? [];
      const trial = { ...op, operands };
      const known = bucket.find((v) => sameOp(v, trial));
      if (known) return known;
      const value = builder.copy(op, operands);
      buckets.set(key, [...bucket, value]);
      return value;
    };
    return rewriteFunc(func, share, context);
  });
  return { ...module, funcs };
}

export const commonSubexpressionsPass = definePass({
  name: 'common-subexpressions',
  summary: 'Computes equal values once.',
  assumes: [],
  from: 'slots',
  to: 'slots',
  options: {},
  run: (module) => shareCommonSubexpressions(module),
});
