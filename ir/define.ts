import type { Matrix } from './matrix.ts';
import type { Parameters } from './ckks/parameters.ts';
import type { Tensor } from './tensor.ts';
import type { Type } from './types.ts';

/** What an attribute of an op may be. */
export type Attr =
  number | boolean | string | readonly number[] | readonly string[] | Tensor | Matrix | readonly Matrix[];
export type Attrs = Readonly<Record<string, Attr>>;

interface AttrTypes {
  int: number;
  float: number;
  bool: boolean;
  string: string;
  ints: readonly number[];
  floats: readonly number[];
  strings: readonly string[];
  tensor: Tensor;
  matrix: Matrix;
  matrices: readonly Matrix[];
}

export type AttrKind = keyof AttrTypes;
export type AttrSpecs = Readonly<Record<string, AttrKind>>;
export type AttrsOf<S extends AttrSpecs> = { readonly [K in keyof S]: AttrTypes[S[K]] };

export type Level = 'nn' | 'slots' | 'ckks';

/**
 * `activation`: a non-linear function of each element, to be approximated. `linear`: linear in its first operand when the others are
 * constant. `commutative`: the two operands may be swapped. `client`: may only end a network, where the client computes it.
 */
export type Trait = 'activation' | 'linear' | 'commutative' | 'client' | 'movement';

/** What `infer` may ask beyond types and attributes. */
export interface InferContext {
  /** Present from the ckks level on. */
  readonly parameters: Parameters | undefined;
}

/** The whole truth about one op. Parser, printer, verifier, builder, generators and documentation derive from it. */
export interface OpDefinition {
  /** `level.name`. */
  readonly name: `${Level}.${string}`;
  readonly doc: string;
  /** Operand names in order; `name?` may be absent, `name...` stands for any number (only as the last). */
  readonly operands: readonly string[];
  readonly attrs: AttrSpecs;
  readonly traits: readonly Trait[];
  /** The result type, or the reason why there is none. Never sees an error type. */
  readonly infer: (operands: readonly Type[], attrs: Attrs, context: InferContext) => Type | string;
  /** The op's executable meaning on exact reals: its living definition. */
  readonly eval: (operands: readonly Tensor[], attrs: Attrs) => Tensor;
}

/** As {@link OpDefinition}, with attributes typed from their specification. */
export interface TypedOpDefinition<S extends AttrSpecs> extends Omit<OpDefinition, 'attrs' | 'infer' | 'eval'> {
  readonly attrs: S;
  readonly infer: (operands: readonly Type[], attrs: AttrsOf<S>, context: InferContext) => Type | string;
  readonly eval: (operands: readonly Tensor[], attrs: AttrsOf<S>) => Tensor;
}

/** Declares an op. Builder and verifier check attributes against `attrs` before they call it, so the types of the callbacks hold. */
export function defineOp<const S extends AttrSpecs>(definition: TypedOpDefinition<S>): OpDefinition {
  return {
    ...definition,
    infer: (operands, attrs, context) => definition.infer(operands, attrs as AttrsOf<S>, context),
    eval: (operands, attrs) => definition.eval(operands, attrs as AttrsOf<S>),
  };
}

export function isTensorAttr(attr: Attr): attr is Tensor {
  return typeof attr === 'object' && 'data' in attr;
}

export function isMatrixAttr(attr: Attr): attr is Matrix {
  return typeof attr === 'object' && 'column' in attr;
}

const isNumbers = (a: Attr): boolean => Array.isArray(a) && a.every((x) => typeof x === 'number');

const attrChecks: { readonly [K in AttrKind]: (attr: Attr) => boolean } = {
  int: (a) => Number.isSafeInteger(a),
  float: (a) => typeof a === 'number' && !Number.isNaN(a),
  bool: (a) => typeof a === 'boolean',
  string: (a) => typeof a === 'string',
  ints: (a) => Array.isArray(a) && a.every((x) => Number.isSafeInteger(x)),
  floats: isNumbers,
  strings: (a) => Array.isArray(a) && a.every((x) => typeof x === 'string'),
  tensor: isTensorAttr,
  matrix: isMatrixAttr,
  matrices: (a) => Array.isArray(a) && a.every((x: Attr) => isMatrixAttr(x)),
};

/** The reason why `attrs` does not fit the op's specification, or undefined when it does. All attributes are required. */
export function attrProblem(definition: OpDefinition, attrs: Attrs): string | undefined {
  for (const [name, kind] of Object.entries(definition.attrs)) {
    const attr = attrs[name];
    if (attr === undefined) return `attribute '${name}' (${kind}) is missing`;
    if (!attrChecks[kind](attr)) return `attribute '${name}' is not of kind ${kind}`;
  }
  const extra = Object.keys(attrs).find((name) => !Object.hasOwn(definition.attrs, name));
  return extra === undefined ? undefined : `attribute '${extra}' is unknown`;
}

/** The reason why `count` operands do not fit the op, or undefined when they do. */
export function arityProblem(definition: OpDefinition, count: number): string | undefined {
  const { operands } = definition;
  const least = operands.filter((n) => !n.endsWith('?') && !n.endsWith('...')).length;
  const most = operands.some((n) => n.endsWith('...')) ? Infinity : operands.length;
  return count >= least && count <= most ? undefined : `${count} operands given, takes (${operands.join(', ')})`;
}
