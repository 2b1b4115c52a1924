import { diagnostic, type Diagnostic } from '../../ir/diagnostics.ts';
import type { Module, Value } from '../../ir/module.ts';
import { recompute, type Facts } from './recompute.ts';

/**
 * Recomputes levels and sizes from the operations and compares: operands of one op at one level, every level in the chain, rescale only
 * above level 0 and only in size 2, mod_switch downward, mod_raise from level 0 upward, the sparse secret at level 0 and the dense one back at the
 * top, multiplications and key switches in size 2, and the types say the same. FHE0503 for each breach.
 */
export function checkLevels(module: Module): Diagnostic[] {
  const { parameters } = module;
  if (!parameters) return [diagnostic('FHE0503', 'the module states no parameters')];
  const top = parameters.primes.length - 1;
  return module.funcs.flatMap((func) => {
    const facts = recompute(func, parameters);
    return [...func.params, ...func.body].flatMap((value) => {
      const operands = value.operands.flatMap((o) => facts.get(o) ?? []);
      const own = facts.get(value);
      const problem = own ? breach(value, own, operands, top) : 'the value has no level';
      return problem === undefined ? [] : [diagnostic('FHE0503', `${value.op}: ${problem}`, value.loc)];
    });
  });
}

/** Ops whose ciphertext operands must have two polynomials; rescale for its noise, not for its definition. */
const sizeTwoOnly: ReadonlySet<string> = new Set(
  ['mul', 'mul_plain', 'rotate', 'rescale', 'conjugate', 'mod_raise', 'switch_key'].map((name) => `ckks.${name}`),
);

function breach(value: Value, own: Facts, operands: readonly Facts[], top: number): string | undefined {
  const { level, size } = own;
  if (!Number.isInteger(level) || level < 0 || level > top) return `level ${level} is outside 0 to ${top}`;
  if (operands.some((o) => o.level !== operands[0].level))
    return `operands are at levels ${operands.map((o) => o.level).join(' and ')}`;
  if (value.op === 'ckks.mod_switch' && level >= operands[0].level)
    return `it goes from level ${operands[0].level} to ${level}`;
  if (value.op === 'ckks.mod_raise' && (operands[0].level !== 0 || level < 1))
    return `it goes from level ${operands[0].level} to ${level}`;
  const wanted = value.attrs['to'] === 'sparse' ? 0 : top;
  if (value.op === 'ckks.switch_key' && level !== wanted) return `it is at level ${level}, not ${wanted}`;
  if (sizeTwoOnly.has(value.op) && operands.some((o) => o.size > 2)) return 'an operand is not relinearized';
  if (value.op === 'ckks.relinearize' && operands[0].size !== 3) return `the operand has size ${operands[0].size}`;
  const { type } = value;
  if (type.kind === 'cipher' && type.level === level && type.size === size) return undefined;
  if (type.kind === 'plain' && type.level === level && size === 0) return undefined;
  return `the type does not say level ${level} and size ${size}`;
}
