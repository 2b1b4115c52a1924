import { parseLayout } from '../layout.ts';
import { cipherType, packedType, plainType, tensorType, type Type } from '../types.ts';
import type { AttrSyntax, TypeSyntax } from './syntax.ts';

const isCount = (n: number | undefined): n is number => n !== undefined && Number.isSafeInteger(n) && n >= 0;

const numberOf = (attr: AttrSyntax | undefined): number | undefined =>
  attr?.kind === 'number' ? Number(attr.text) : undefined;

const factNames: Readonly<Record<string, readonly string[]>> = {
  tensor: [],
  packed: ['slots', 'layout'],
  cipher: ['level', 'scale', 'size'],
  plain: ['level', 'scale'],
  error: [],
};

/** The type that the syntax states, or the reason why it states none. */
export function readType(syntax: TypeSyntax): Type | string {
  const name = syntax.name.text;
  const names = Object.hasOwn(factNames, name) ? factNames[name] : undefined;
  if (!names) return `type '${name}' is unknown`;
  const facts = new Map(syntax.facts.map((f) => [f.name.text, f.value]));
  const extra = [...facts.keys()].find((f) => !names.includes(f));
  if (extra !== undefined) return `type '${name}' has no '${extra}'`;
  if (facts.size !== syntax.facts.length) return `a fact of type '${name}' stands twice`;
  if (name !== 'tensor' && syntax.shape) return `type '${name}' has no shape`;
  switch (name) {
    case 'tensor':
      return syntax.shape?.every(isCount)
        ? tensorType(syntax.shape)
        : 'a tensor needs a shape of non-negative integers';
    case 'packed':
      return readPacked(numberOf(facts.get('slots')), facts.get('layout'));
    case 'error':
      return `type 'error' marks a mistake and cannot be written`;
    default:
      return readScaled(name, facts);
  }
}

function readPacked(slots: number | undefined, layout: AttrSyntax | undefined): Type | string {
  if (!isCount(slots)) return `a packed vector needs 'slots', an integer`;
  if (!layout) return packedType(slots);
  const parsed = layout.kind === 'string' ? parseLayout(layout.value) : undefined;
  return parsed ? packedType(slots, parsed) : `'layout' of a packed vector must be a layout such as "8: 2@4 4@1"`;
}

function readScaled(name: string, facts: ReadonlyMap<string, AttrSyntax>): Type | string {
  const [level, scale, size] = ['level', 'scale', 'size'].map((f) => numberOf(facts.get(f)));
  if (!isCount(level)) return `type '${name}' needs 'level', an integer`;
  if (scale === undefined || Number.isNaN(scale)) return `type '${name}' needs 'scale', a number`;
  if (name === 'plain') return plainType(level, scale);
  return isCount(size) ? cipherType(level, scale, size) : `type 'cipher' needs 'size', an integer`;
}
