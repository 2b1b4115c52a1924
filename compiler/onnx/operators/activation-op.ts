import type { OpDefinition } from '../../../ir/define.ts';
import { InternalError } from '../../../ir/diagnostics.ts';
import { findActivation } from '../../../ir/nn/activations.ts';

/** The op of an activation by its short name. */
export function activationOp(name: string): OpDefinition {
  const found = findActivation(`nn.${name}`);
  if (!found) throw new InternalError(`no activation '${name}'`);
  return found.op;
}
