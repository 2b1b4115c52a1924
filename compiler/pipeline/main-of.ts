import { InternalError } from '../../ir/diagnostics.ts';
import type { Func, Module } from '../../ir/module.ts';

/** The network of a module. */
export function mainOf(module: Module): Func {
  const main = module.funcs.find((f) => f.name === 'main');
  if (!main) throw new InternalError('the module has no function main');
  return main;
}
