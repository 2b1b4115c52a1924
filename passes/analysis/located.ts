import { InternalError } from '../../ir/diagnostics.ts';
import type { Value } from '../../ir/module.ts';
import type { CipherType, PlainType } from '../../ir/types.ts';

/** The type of a value of the ckks level. */
export function located({ type, op }: Value): CipherType | PlainType {
  if (type.kind !== 'cipher' && type.kind !== 'plain') throw new InternalError(`${op} is not at the ckks level`);
  return type;
}
