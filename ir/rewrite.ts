import { Builder } from './builder.ts';
import type { InferContext } from './define.ts';
import { paramName, type Func, type Module, type Value } from './module.ts';

/** Handed to a rewrite: what the operands of an op have become, and the builder of the new function. */
export interface Rewriter {
  readonly builder: Builder;
  /** The new value that stands for a value of the old function; defined for every op before the current one. */
  readonly mapped: (old: Value) => Value;
}

/**
 * Rebuilds a function front to back. `rewrite` returns the new value for an op, or undefined to copy it on the mapped operands.
 * Dead ops disappear. An explicit loop: depth of the graph costs no stack.
 */
export function rewriteFunc(
  func: Func,
  rewrite: (op: Value, rewriter: Rewriter) => Value | undefined,
  context: InferContext = { parameters: undefined },
): Func {
  const builder = new Builder(context);
  const map = new Map<Value, Value>();
  const mapped = (old: Value): Value => {
    const value = map.get(old);
    if (!value) throw new Error(`value of ${old.op} used before its definition`);
    return value;
  };
  for (const param of func.params) map.set(param, builder.param(paramName(param), param.type, param.loc));
  for (const op of func.body) {
    map.set(op, rewrite(op, { builder, mapped }) ?? builder.copy(op, op.operands.map(mapped)));
  }
  return builder.finish(
    func.name,
    func.results.map((r) => ({ name: r.name, value: mapped(r.value) })),
  );
}

/** {@link rewriteFunc} over every function of a module. */
export function rewriteModule(module: Module, rewrite: (op: Value, rewriter: Rewriter) => Value | undefined): Module {
  const context = { parameters: module.parameters };
  return { ...module, funcs: module.funcs.map((f) => rewriteFunc(f, rewrite, context)) };
}
