import { secretAfter, secretName, type SecretState } from '../../ir/ckks/secret.ts';
import { diagnostic, type Diagnostic } from '../../ir/diagnostics.ts';
import type { Func, Module, Value } from '../../ir/module.ts';

/**
 * Follows the secret of every ciphertext: nothing is computed under the ephemeral sparse secret but the raise of the modulus, and
 * results are under the dense one. FHE0505 for each breach.
 */
export function checkSecrets(module: Module): Diagnostic[] {
  return module.funcs.flatMap(checkFunc);
}

function checkFunc(func: Func): Diagnostic[] {
  const found: Diagnostic[] = [];
  const states = new Map<Value, SecretState>();
  // After a breach the value counts as dense: one message a mistake.
  const stateOf = (value: Value): SecretState => states.get(value) ?? 'dense';
  for (const value of func.body) {
    const after = secretAfter(
      value.op.replace('ckks.', ''),
      secretName(value.attrs['to']),
      value.operands.map(stateOf),
    );
    if (typeof after === 'string') found.push(diagnostic('FHE0505', `${value.op}: ${after}`, value.loc));
    else states.set(value, after.state);
  }
  for (const { name, value } of func.results)
    if (stateOf(value) !== 'dense')
      found.push(diagnostic('FHE0505', `result '${name}' is under the sparse secret`, value.loc));
  return found;
}
