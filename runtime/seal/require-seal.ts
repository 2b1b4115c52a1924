import { fitsSeal, type Parameters } from '../../ir/ckks/parameters.ts';
import { fail } from '../../ir/diagnostics.ts';

/** Refuses parameters that only the native engine takes. Errors: FHE0804. */
export function requireSeal(parameters: Parameters): void {
  if (fitsSeal(parameters)) return;
  const special = parameters.specialPrimes.length;
  fail(
    'FHE0804',
    `SEAL takes keys of one special prime and those of this program have ${special}; it runs with --backend native`,
  );
}
