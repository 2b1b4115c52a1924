import { Builder } from '../../ir/builder.ts';
import type { Parameters } from '../../ir/ckks/parameters.ts';
import { isTensorAttr, type Attr } from '../../ir/define.ts';
import { derivedLoc, InternalError } from '../../ir/diagnostics.ts';
import type { Func, Value } from '../../ir/module.ts';
import { registry } from '../../ir/registry.ts';
import type { BootstrapLevels } from './levels.ts';

/** How the schedule bootstraps a vector. */
export interface Bootstrapping {
  readonly levels: BootstrapLevels;
  /** Bootstraps `x`, which repeats with `period`: the result stands at `levels.output` with the canonical scale. */
  readonly emit: (builder: Builder, x: Value, period: number) => Value;
}

/**
 * Bootstraps by a kernel that is run once for each kind of operand and then copied: its vectors are hundreds of megabytes, which all copies share.
 */
export function copiedBootstraps(
  parameters: Parameters,
  levels: BootstrapLevels,
  kernel: (builder: Builder, x: Value, period: number) => Value,
): Bootstrapping {
  const templates = new Map<string, Func>();
  const vectors = new Map<number, Attr[]>();
  const templateFor = ({ type }: Value, period: number): Func => {
    if (type.kind !== 'cipher') throw new InternalError('only ciphertexts are bootstrapped');
    const key = `${period} ${type.level} ${type.scale}`;
    const known = templates.get(key);
    if (known) return known;
    const builder = new Builder({ parameters });
    const x = builder.param('x', type);
    const func = builder.finish('bootstrap', [{ name: 'y', value: kernel(builder, x, period) }]);
    const shared = sharingVectors(func, vectors.get(period) ?? []);
    if (!vectors.has(period)) vectors.set(period, vectorsOf(shared));
    templates.set(key, shared);
    return shared;
  };
  return { levels, emit: (builder, x, period) => copyOf(templateFor(x, period), builder, x) };
}

const vectorsOf = (func: Func): Attr[] =>
  func.body.flatMap(({ op, attrs: { vector } }) => (op === 'ckks.encode' && vector !== undefined ? [vector] : []));

/** Templates for operands at different levels differ in scales, hardly in vectors: those that are equal become one. */
function sharingVectors(func: Func, known: readonly Attr[]): Func {
  const shared = new Map<Value, Value>();
  let at = 0;
  const body = func.body.map((value) => {
    const operands = value.operands.map((o) => shared.get(o) ?? o);
    const { vector } = value.attrs;
    const same = value.op === 'ckks.encode' && vector !== undefined ? known.at(at++) : undefined;
    const attrs =
      same !== undefined && vector !== undefined && sameNumbers(same, vector)
        ? { ...value.attrs, vector: same }
        : value.attrs;
    const copy = { ...value, operands, attrs };
    shared.set(value, copy);
    return copy;
  });
  return { ...func, body, results: func.results.map((r) => ({ ...r, value: shared.get(r.value) ?? r.value })) };
}

function sameNumbers(a: Attr, b: Attr): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || !isTensorAttr(a) || !isTensorAttr(b)) return false;
  return a.data.length === b.data.length && a.data.every((x, i) => x === b.data[i]);
}

function copyOf(template: Func, builder: Builder, x: Value): Value {
  const loc = derivedLoc('bootstrap', x.loc);
  const copies = new Map<Value, Value>([[template.params[0], x]]);
  const of = (value: Value): Value => {
    const copy = copies.get(value);
    if (!copy) throw new InternalError(`value of ${value.op} used before its definition`);
    return copy;
  };
  for (const value of template.body)
    copies.set(value, builder.create(registry.get(value.op), value.operands.map(of), value.attrs, loc));
  return of(template.results[0].value);
}
