import type { Attr, Level } from '../define.ts';
import { diagnostic, type Diagnostic, type Loc } from '../diagnostics.ts';
import type { Code } from '../codes.ts';
import type { Func, Module, Value } from '../module.ts';
import { registry } from '../registry.ts';
import { errorType, type Type } from '../types.ts';
import { readAttr } from './attributes.ts';
import type { ConstantStore } from './constants.ts';
import { readInterface, readParameters } from './facts.ts';
import type {
  AttrEntry,
  FuncSyntax,
  LocSyntax,
  ModuleSyntax,
  Named,
  OpSyntax,
  Position,
  TypeSyntax,
} from './syntax.ts';
import { readType } from './types.ts';

const levels: readonly string[] = ['nn', 'slots', 'ckks'] satisfies Level[];
const isLevel = (text: string): text is Level => levels.includes(text);

/** What building collects: the module with poisoned values in place of mistakes, and the mistakes. */
export interface Built {
  /** Absent when the header itself is wrong. */
  readonly module: Module | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Resolves names, attributes, types and constants. A value with a mistake gets the error type, which silences all checks that depend
 * on it, so that one mistake gives one message. Whether ops and types hold is the verifier's business.
 */
export function buildModule(syntax: ModuleSyntax, file: string, constants: ConstantStore | undefined): Built {
  return new ModuleBuild(file, constants).module(syntax);
}

class ModuleBuild {
  readonly #diagnostics: Diagnostic[] = [];
  readonly #file: string;
  readonly #constants: ConstantStore | undefined;

  constructor(file: string, constants: ConstantStore | undefined) {
    this.#file = file;
    this.#constants = constants;
  }

  module(syntax: ModuleSyntax): Built {
    const level = syntax.level.text;
    if (!isLevel(level)) this.#report('FHE0102', `level '${level}' is unknown: nn, slots or ckks`, syntax.level);
    const parameters = syntax.parameters && readParameters(syntax.parameters);
    if (typeof parameters === 'string') this.#report('FHE0306', parameters, syntax.parameters?.at ?? syntax.level);
    const networkInterface = syntax.interface && readInterface(syntax.interface);
    if (typeof networkInterface === 'string') this.#report('FHE0306', networkInterface, syntax.level);
    const funcs = syntax.funcs.map((f) => this.#func(f));
    if (!isLevel(level) || typeof parameters === 'string' || typeof networkInterface === 'string') {
      return { module: undefined, diagnostics: this.#diagnostics };
    }
    const module: Module = {
      level,
      ...(parameters && { parameters }),
      ...(networkInterface && { interface: networkInterface }),
      funcs,
    };
    return { module, diagnostics: this.#diagnostics };
  }

  #func(syntax: FuncSyntax): Func {
    const known = new Map<string, Value>();
    const later = new Set(syntax.ops.map((o) => o.id.text));
    const define = (id: Named, value: Value): void => {
      if (known.has(id.text)) this.#report('FHE0305', `value '${id.text}' is defined twice`, id);
      else known.set(id.text, value);
    };
    const use = (id: Named): Value => {
      const value = known.get(id.text);
      if (value) return value;
      if (later.has(id.text)) this.#report('FHE0305', `value '${id.text}' is used before its definition`, id);
      else this.#report('FHE0102', `value '${id.text}' is unknown`, id);
      return { op: 'param', operands: [], attrs: { name: '' }, type: errorType, loc: this.#at(id) };
    };
    const params = syntax.params.map((p) => {
      const type = this.#type(p.type) ?? errorType;
      const value: Value = { op: 'param', operands: [], attrs: { name: p.name }, type, loc: this.#loc(p.loc, p.id) };
      define(p.id, value);
      return value;
    });
    const body = syntax.ops.map((o) => {
      const value = this.#op(o, o.operands.map(use));
      define(o.id, value);
      return value;
    });
    const results = syntax.results.map((r) => ({ name: r.name, value: use(r.id) }));
    return { name: syntax.name.text, params, body, results };
  }

  #op(syntax: OpSyntax, operands: readonly Value[]): Value {
    const name = syntax.op.text;
    const unknown = registry.find(name) === undefined;
    if (unknown) this.#report('FHE0102', `op '${name}' is unknown`, syntax.op);
    const attrs = this.#attrs(syntax.attrs, name);
    const type = this.#type(syntax.type);
    const poisoned = unknown || !attrs || !type;
    const loc = this.#loc(syntax.loc, syntax.id);
    return { op: name, operands, attrs: attrs ?? {}, type: poisoned ? errorType : type, loc };
  }

  #attrs(entries: readonly AttrEntry[], op: string): Record<string, Attr> | undefined {
    const attrs = new Map<string, Attr>();
    let complete = true;
    for (const { name, value } of entries) {
      const result = readAttr(value, this.#constants);
      if ('problem' in result) {
        const code = result.missing ? 'FHE0103' : 'FHE0302';
        this.#report(code, `${op}: '${name.text}': ${result.problem}`, name);
        complete = false;
      } else if (attrs.has(name.text)) {
        this.#report('FHE0302', `${op}: attribute '${name.text}' stands twice`, name);
        complete = false;
      } else {
        attrs.set(name.text, result.attr);
      }
    }
    return complete ? Object.fromEntries(attrs) : undefined;
  }

  #type(syntax: TypeSyntax): Type | undefined {
    const type = readType(syntax);
    if (typeof type !== 'string') return type;
    this.#report(type.endsWith('is unknown') ? 'FHE0102' : 'FHE0303', type, syntax.name);
    return undefined;
  }

  #loc(syntax: LocSyntax | undefined, at: Position): Loc {
    return syntax ?? this.#at(at);
  }

  #at({ line, column }: Position): Loc {
    return { kind: 'text', file: this.#file, line, column };
  }

  #report(code: Code, message: string, at: Position): void {
    this.#diagnostics.push(diagnostic(code, message, this.#at(at)));
  }
}
