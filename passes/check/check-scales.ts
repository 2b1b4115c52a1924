import { sameScale } from '../../ir/ckks/ops.ts';
import type { Parameters } from '../../ir/ckks/parameters.ts';
import { diagnostic, type Diagnostic } from '../../ir/diagnostics.ts';
import type { Module, Value } from '../../ir/module.ts';
import { recompute, type Facts } from './recompute.ts';

/**
 * Recomputes scales from the operations and compares: the canonical scales follow from the primes, operands of an addition have one
 * scale, inputs and every result of a rescale have the canonical scale of their level, a value to be rescaled has its square, the
 * scale fits the modulus, and the types say the same. FHE0504 for each breach.
 */
export function checkScales(module: Module): Diagnostic[] {
  const { parameters } = module;
  if (!parameters) return [diagnostic('FHE0504', 'the module states no parameters')];
  const chain = parameters.scales.flatMap((scale, l) =>
    l === 0 || sameScale(parameters.scales[l - 1], (scale * scale) / Number(parameters.primes[l]))
      ? []
      : [diagnostic('FHE0504', `the canonical scale of level ${l - 1} does not follow from that of level ${l}`)],
  );
  const values = module.funcs.flatMap((func) => {
    const facts = recompute(func, parameters);
    return [...func.params, ...func.body].flatMap((value) => {
      const operands = value.operands.flatMap((o) => facts.get(o) ?? []);
      const own = facts.get(value);
      const problem = own ? breach(value, own, operands, parameters) : 'the value has no scale';
      return problem === undefined ? [] : [diagnostic('FHE0504', `${value.op}: ${problem}`, value.loc)];
    });
  });
  return [...chain, ...values];
}

const additions: ReadonlySet<string> = new Set(['ckks.add', 'ckks.sub', 'ckks.add_plain']);

function breach(value: Value, own: Facts, operands: readonly Facts[], parameters: Parameters): string | undefined {
  const { level, scale } = own;
  const { type } = value;
  if (!(scale >= 1)) return `scale ${scale} is not a number from 1 on`;
  if ((type.kind !== 'cipher' && type.kind !== 'plain') || !sameScale(type.scale, scale))
    return `the type does not say scale ${scale}`;
  if (additions.has(value.op) && operands.some((o) => !sameScale(o.scale, operands[0].scale)))
    return `operands have scales ${operands.map((o) => o.scale).join(' and ')}`;
  const canonical = parameters.scales.at(level);
  if (canonical !== undefined && (value.op === 'param' || value.op === 'ckks.rescale') && !sameScale(scale, canonical))
    return `scale ${scale} is not the canonical ${canonical} of level ${level}`;
  let modulus = 0;
  for (let l = 0; l <= level; l++) modulus += Math.log2(Number(parameters.primes.at(l) ?? 1n));
  return Math.log2(scale) < modulus - 1
    ? undefined
    : `scale 2^${Math.log2(scale).toFixed(1)} does not fit the modulus of ${modulus.toFixed(1)} bits`;
}
