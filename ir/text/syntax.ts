/** What the grammar reads, before names are resolved and types are checked. Positions are 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A name with the place where it stands. */
export interface Named extends Position {
  readonly text: string;
}

export type AttrSyntax =
  /** The text of the number, so that integers above 2^53 stay exact. */
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'list'; readonly items: readonly AttrSyntax[] }
  | { readonly kind: 'constant'; readonly name: string }
  | { readonly kind: 'dense'; readonly shape: readonly number[]; readonly data: readonly number[] }
  | { readonly kind: 'sparse'; readonly shape: readonly number[]; readonly entries: readonly (readonly number[])[] };

export interface AttrEntry {
  readonly name: Named;
  readonly value: AttrSyntax;
}

export interface TypeSyntax {
  readonly name: Named;
  readonly shape: readonly number[] | undefined;
  readonly facts: readonly AttrEntry[];
}

export type LocSyntax =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'onnx'; readonly node: string; readonly operator: string }
  | { readonly kind: 'text'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'derived'; readonly pass: string; readonly parents: readonly LocSyntax[] };

export interface ParamSyntax {
  readonly id: Named;
  readonly type: TypeSyntax;
  readonly name: string;
  readonly loc: LocSyntax | undefined;
}

export interface OpSyntax {
  readonly id: Named;
  readonly op: Named;
  readonly operands: readonly Named[];
  readonly attrs: readonly AttrEntry[];
  readonly type: TypeSyntax;
  readonly loc: LocSyntax | undefined;
}

export interface ResultSyntax {
  readonly id: Named;
  readonly name: string;
}

export interface FuncSyntax {
  readonly name: Named;
  readonly params: readonly ParamSyntax[];
  readonly ops: readonly OpSyntax[];
  readonly results: readonly ResultSyntax[];
}

export interface PortSyntax {
  readonly role: 'input' | 'output';
  readonly name: string;
  readonly shape: readonly number[];
  readonly factor: readonly number[];
  readonly layout: string | undefined;
}

export interface ClientStepSyntax {
  readonly kind: Named;
  readonly axis: number;
  readonly node: string;
}

export interface InterfaceSyntax {
  readonly ports: readonly PortSyntax[];
  readonly clientSteps: readonly ClientStepSyntax[];
}

export interface ParametersSyntax {
  readonly at: Position;
  readonly facts: readonly AttrEntry[];
}

export interface ModuleSyntax {
  readonly level: Named;
  readonly parameters: ParametersSyntax | undefined;
  readonly interface: InterfaceSyntax | undefined;
  readonly funcs: readonly FuncSyntax[];
}
