import type { Func, Module, Value } from '../../ir/module.ts';
import { peakMemory } from '../analysis/peak-memory.ts';
import { definePass } from '../define-pass.ts';

/**
 * The body in depth-first order of need: each value right before its first user asks for it, operands from left to right. The terms of
 * a sum are then made one by one, each added before the next is begun, and an encoded vector stands right before its use.
 */
function depthFirst(func: Func): Value[] {
  const body = new Set(func.body);
  const done = new Set<Value>();
  const order: Value[] = [];
  for (const result of func.results) {
    const stack = [{ value: result.value, next: 0 }];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const { value } = top;
      const operand = value.operands.at(top.next);
      if (!body.has(value) || done.has(value)) stack.pop();
      else if (operand && top.next < value.operands.length) {
        top.next++;
        stack.push({ value: operand, next: 0 });
      } else {
        done.add(value);
        order.push(value);
        stack.pop();
      }
    }
  }
  return order;
}

/** Reorders every function so that fewer bytes of ciphertexts live at once; a function that is better as it is stays. */
export function orderForMemory(module: Module): Module {
  const ringDegree = module.parameters?.ringDegree ?? 0;
  const funcs = module.funcs.map((func) => {
    const reordered = { ...func, body: depthFirst(func) };
    const better = peakMemory(reordered, ringDegree).peakBytes <= peakMemory(func, ringDegree).peakBytes;
    return better ? reordered : func;
  });
  return { ...module, funcs };
}

export const orderForMemoryPass = definePass({
  name: 'order-for-memory',
  summary: 'Reorders the ops so that few ciphertexts live at once.',
  assumes: [],
  from: 'ckks',
  to: 'ckks',
  options: {},
  run: (module) => orderForMemory(module),
});
