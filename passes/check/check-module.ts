import { FhecError } from '../../ir/diagnostics.ts';
import type { Module } from '../../ir/module.ts';
import { checkLevels } from './check-levels.ts';
import { checkScales } from './check-scales.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkSecurity } from './check-security.ts';

/** Runs every checker on a ckks module and throws a {@link FhecError} with all their findings, if there are any. */
export function checkModule(module: Module, options: { readonly insecureForTests?: boolean } = {}): void {
  const found = [
    ...checkLevels(module),
    ...checkScales(module),
    ...checkSecrets(module),
    ...checkSecurity(module, options),
  ];
  if (found.length > 0) throw new FhecError(found);
}
