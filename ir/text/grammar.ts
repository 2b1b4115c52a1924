import { EmbeddedActionsParser, type IToken, type ParserMethod } from 'chevrotain';
import * as t from './lexer.ts';
import { syntaxMessages } from './messages.ts';
import type {
  AttrEntry,
  AttrSyntax,
  ClientStepSyntax,
  FuncSyntax,
  InterfaceSyntax,
  LocSyntax,
  ModuleSyntax,
  Named,
  OpSyntax,
  ParametersSyntax,
  ParamSyntax,
  PortSyntax,
  Position,
  ResultSyntax,
  TypeSyntax,
} from './syntax.ts';

type Rule<T> = ParserMethod<[], T>;

const position = (token: IToken): Position => ({ line: token.startLine ?? 1, column: token.startColumn ?? 1 });
const named = (token: IToken): Named => ({ text: token.image, ...position(token) });
// The lexer's pattern for strings is that of JSON.
const unquote = (text: string): string => String(JSON.parse(text));

/**
 * The grammar of the text form: one generic form for all ops.
 *
 *     module    := 'module' NAME ('{' parameters? interface? '}')? func*
 *     parameters:= 'parameters' '<' entries '>'
 *     interface := 'interface' '{' (('input' | 'output') STRING numbers 'factor' numbers ('layout' STRING)? | 'client' NAME 'axis' NUMBER 'node' STRING)* '}'
 *     func      := 'func' @NAME '(' (param (',' param)*)? ')' '{' op* 'return' (%NAME STRING (',' %NAME STRING)*)? '}'
 *     param     := %NAME ':' type STRING loc?
 *     op        := %NAME '=' NAME '(' (%NAME (',' %NAME)*)? ')' ('{' entries '}')? ':' type loc?
 *     type      := NAME ('<' (numbers | entries) '>')?
 *     entries   := NAME '=' attr (',' NAME '=' attr)*
 *     attr      := NUMBER | STRING | 'true' | 'false' | '[' items ']' | #NAME
 *                | 'dense' '<' numbers '>' numbers | 'sparse' '<' numbers '>' '[' (numbers (',' numbers)*)? ']'
 *     loc       := 'loc' '(' place | 'derived' STRING '[' (place (',' place)*)? ']' ')'
 *     place     := 'unknown' | 'node' STRING STRING | STRING ':' NUMBER ':' NUMBER
 *     comment   := '//' to the end of the line
 */
class TextParser extends EmbeddedActionsParser {
  constructor() {
    super([...t.tokens], { recoveryEnabled: false, maxLookahead: 2, errorMessageProvider: syntaxMessages });
    this.performSelfAnalysis();
  }

  readonly #string = (): string => {
    const token = this.CONSUME(t.StringLiteral);
    return this.ACTION(() => unquote(token.image));
  };
  readonly string: Rule<string> = this.RULE('string', this.#string);

  readonly number: Rule<number> = this.RULE('number', () => {
    const token = this.CONSUME(t.NumberLiteral);
    return this.ACTION(() => Number(token.image));
  });

  readonly numbers: Rule<number[]> = this.RULE('numbers', () => {
    const items: number[] = [];
    this.CONSUME(t.LeftBracket);
    this.MANY_SEP({ SEP: t.Comma, DEF: () => void items.push(this.SUBRULE(this.number)) });
    this.CONSUME(t.RightBracket);
    return items;
  });

  /** What may stand in a list: no list, so that no input can nest deeply. */
  readonly item: Rule<AttrSyntax> = this.RULE('item', () =>
    this.OR<AttrSyntax>([
      {
        ALT: () => {
          const token = this.CONSUME(t.NumberLiteral);
          return { kind: 'number', text: token.image };
        },
      },
      { ALT: () => ({ kind: 'string', value: this.SUBRULE(this.string) }) },
      {
        ALT: () => {
          this.CONSUME(t.True);
          return { kind: 'bool', value: true };
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.False);
          return { kind: 'bool', value: false };
        },
      },
      {
        ALT: () => {
          const token = this.CONSUME(t.ConstantName);
          return this.ACTION(() => ({ kind: 'constant', name: token.image.slice(1) }));
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Dense);
          this.CONSUME(t.LeftAngle);
          const shape = this.SUBRULE(this.numbers);
          this.CONSUME(t.RightAngle);
          return { kind: 'dense', shape, data: this.SUBRULE2(this.numbers) };
        },
      },
      {
        ALT: () => {
          const entries: number[][] = [];
          this.CONSUME(t.Sparse);
          this.CONSUME2(t.LeftAngle);
          const shape = this.SUBRULE3(this.numbers);
          this.CONSUME2(t.RightAngle);
          this.CONSUME(t.LeftBracket);
          this.MANY_SEP({ SEP: t.Comma, DEF: () => void entries.push(this.SUBRULE4(this.numbers)) });
          this.CONSUME(t.RightBracket);
          return { kind: 'sparse', shape, entries };
        },
      },
    ]),
  );

  readonly attr: Rule<AttrSyntax> = this.RULE('attr', () =>
    this.OR<AttrSyntax>([
      {
        ALT: () => {
          const items: AttrSyntax[] = [];
          this.CONSUME(t.LeftBracket);
          this.MANY_SEP({ SEP: t.Comma, DEF: () => void items.push(this.SUBRULE(this.item)) });
          this.CONSUME(t.RightBracket);
          return { kind: 'list', items };
        },
      },
      { ALT: () => this.SUBRULE2(this.item) },
    ]),
  );

  readonly entries: Rule<AttrEntry[]> = this.RULE('entries', () => {
    const entries: AttrEntry[] = [];
    this.AT_LEAST_ONE_SEP({
      SEP: t.Comma,
      DEF: () => {
        const name = this.CONSUME(t.Identifier);
        this.CONSUME(t.Equals);
        const value = this.SUBRULE(this.attr);
        this.ACTION(() => void entries.push({ name: named(name), value }));
      },
    });
    return entries;
  });

  readonly type: Rule<TypeSyntax> = this.RULE('type', () => {
    const name = this.CONSUME(t.Identifier);
    let shape: number[] | undefined;
    let facts: AttrEntry[] = [];
    this.OPTION(() => {
      this.CONSUME(t.LeftAngle);
      this.OR([
        { ALT: () => void (shape = this.SUBRULE(this.numbers)) },
        { ALT: () => void (facts = this.SUBRULE(this.entries)) },
      ]);
      this.CONSUME(t.RightAngle);
    });
    return this.ACTION(() => ({ name: named(name), shape, facts }));
  });

  readonly place: Rule<LocSyntax> = this.RULE('place', () =>
    this.OR<LocSyntax>([
      {
        ALT: () => {
          this.CONSUME(t.Unknown);
          return { kind: 'unknown' };
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Node);
          return { kind: 'onnx', node: this.SUBRULE(this.string), operator: this.SUBRULE2(this.string) };
        },
      },
      {
        ALT: () => {
          const file = this.SUBRULE3(this.string);
          this.CONSUME(t.Colon);
          const line = this.SUBRULE(this.number);
          this.CONSUME2(t.Colon);
          return { kind: 'text', file, line, column: this.SUBRULE2(this.number) };
        },
      },
    ]),
  );

  readonly loc: Rule<LocSyntax> = this.RULE('loc', () => {
    this.CONSUME(t.Loc);
    this.CONSUME(t.LeftParen);
    const loc = this.OR<LocSyntax>([
      { ALT: () => this.SUBRULE(this.place) },
      {
        ALT: () => {
          this.CONSUME(t.Derived);
          const pass = this.SUBRULE(this.string);
          const parents: LocSyntax[] = [];
          this.CONSUME(t.LeftBracket);
          this.MANY_SEP({ SEP: t.Comma, DEF: () => void parents.push(this.SUBRULE2(this.place)) });
          this.CONSUME(t.RightBracket);
          return { kind: 'derived', pass, parents };
        },
      },
    ]);
    this.CONSUME(t.RightParen);
    return loc;
  });

  readonly param: Rule<ParamSyntax> = this.RULE('param', () => {
    const id = this.CONSUME(t.ValueName);
    this.CONSUME(t.Colon);
    const type = this.SUBRULE(this.type);
    const name = this.SUBRULE(this.string);
    const loc = this.OPTION(() => this.SUBRULE(this.loc));
    return this.ACTION(() => ({ id: named(id), type, name, loc }));
  });

  readonly op: Rule<OpSyntax> = this.RULE('op', () => {
    const operands: IToken[] = [];
    let attrs: AttrEntry[] = [];
    const id = this.CONSUME(t.ValueName);
    this.CONSUME(t.Equals);
    const op = this.CONSUME(t.Identifier);
    this.CONSUME(t.LeftParen);
    this.MANY_SEP({ SEP: t.Comma, DEF: () => void operands.push(this.CONSUME2(t.ValueName)) });
    this.CONSUME(t.RightParen);
    this.OPTION(() => {
      this.CONSUME(t.LeftBrace);
      attrs = this.SUBRULE(this.entries);
      this.CONSUME(t.RightBrace);
    });
    this.CONSUME(t.Colon);
    const type = this.SUBRULE(this.type);
    const loc = this.OPTION2(() => this.SUBRULE(this.loc));
    return this.ACTION(() => ({ id: named(id), op: named(op), operands: operands.map(named), attrs, type, loc }));
  });

  readonly result: Rule<ResultSyntax> = this.RULE('result', () => {
    const id = this.CONSUME(t.ValueName);
    const name = this.SUBRULE(this.string);
    return this.ACTION(() => ({ id: named(id), name }));
  });

  readonly func: Rule<FuncSyntax> = this.RULE('func', () => {
    const params: ParamSyntax[] = [];
    const ops: OpSyntax[] = [];
    const results: ResultSyntax[] = [];
    this.CONSUME(t.Func);
    const token = this.CONSUME(t.FuncName);
    this.CONSUME(t.LeftParen);
    this.MANY_SEP({ SEP: t.Comma, DEF: () => void params.push(this.SUBRULE(this.param)) });
    this.CONSUME(t.RightParen);
    this.CONSUME(t.LeftBrace);
    this.MANY(() => void ops.push(this.SUBRULE(this.op)));
    this.CONSUME(t.Return);
    this.MANY_SEP2({ SEP: t.Comma, DEF: () => void results.push(this.SUBRULE(this.result)) });
    this.CONSUME(t.RightBrace);
    return this.ACTION(() => {
      const text = token.image.slice(1);
      const name = { ...position(token), text: text.startsWith('"') ? unquote(text) : text };
      return { name, params, ops, results };
    });
  });

  readonly port: Rule<PortSyntax> = this.RULE('port', () => {
    const role = this.OR<'input' | 'output'>([
      {
        ALT: () => {
          this.CONSUME(t.Input);
          return 'input';
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Output);
          return 'output';
        },
      },
    ]);
    const name = this.SUBRULE(this.string);
    const shape = this.SUBRULE(this.numbers);
    this.CONSUME(t.Factor);
    const factor = this.SUBRULE2(this.numbers);
    let layout: string | undefined;
    this.OPTION(() => {
      this.CONSUME(t.Layout);
      layout = this.SUBRULE2(this.string);
    });
    return { role, name, shape, factor, layout };
  });

  readonly clientStep: Rule<ClientStepSyntax> = this.RULE('clientStep', () => {
    this.CONSUME(t.Client);
    const kind = this.CONSUME(t.Identifier);
    this.CONSUME(t.Axis);
    const axis = this.SUBRULE(this.number);
    this.CONSUME(t.Node);
    const node = this.SUBRULE(this.string);
    return this.ACTION(() => ({ kind: named(kind), axis, node }));
  });

  readonly interface: Rule<InterfaceSyntax> = this.RULE('interface', () => {
    const ports: PortSyntax[] = [];
    const clientSteps: ClientStepSyntax[] = [];
    this.CONSUME(t.Interface);
    this.CONSUME(t.LeftBrace);
    this.MANY(() =>
      this.OR([
        { ALT: () => void ports.push(this.SUBRULE(this.port)) },
        { ALT: () => void clientSteps.push(this.SUBRULE(this.clientStep)) },
      ]),
    );
    this.CONSUME(t.RightBrace);
    return { ports, clientSteps };
  });

  readonly parameters: Rule<ParametersSyntax> = this.RULE('parameters', () => {
    const token = this.CONSUME(t.Parameters);
    this.CONSUME(t.LeftAngle);
    const facts = this.SUBRULE(this.entries);
    this.CONSUME(t.RightAngle);
    return this.ACTION(() => ({ at: position(token), facts }));
  });

  readonly module: Rule<ModuleSyntax> = this.RULE('module', () => {
    let parameters: ParametersSyntax | undefined;
    let networkInterface: InterfaceSyntax | undefined;
    const funcs: FuncSyntax[] = [];
    this.CONSUME(t.Module);
    const level = this.CONSUME(t.Identifier);
    this.OPTION(() => {
      this.CONSUME(t.LeftBrace);
      this.OPTION2(() => void (parameters = this.SUBRULE(this.parameters)));
      this.OPTION3(() => void (networkInterface = this.SUBRULE(this.interface)));
      this.CONSUME(t.RightBrace);
    });
    this.MANY(() => void funcs.push(this.SUBRULE(this.func)));
    return this.ACTION(() => ({ level: named(level), parameters, interface: networkInterface, funcs }));
  });
}

// One instance: its analysis of the grammar is expensive, and parsing is synchronous.
const parser = new TextParser();

export type SyntaxProblem = Position & { readonly message: string };

/** Reads text into syntax, or gives the problems: every bad character, or the first place where the grammar does not hold. */
export function readSyntax(text: string): { readonly module: ModuleSyntax } | { readonly problems: SyntaxProblem[] } {
  const lexed = t.lexer.tokenize(text);
  if (lexed.errors.length > 0) {
    const problems = lexed.errors.map((e) => ({
      message: `unexpected text '${text.slice(e.offset, e.offset + Math.min(e.length, 20))}'`,
      line: e.line ?? 1,
      column: e.column ?? 1,
    }));
    return { problems };
  }
  parser.input = lexed.tokens;
  const module = parser.module();
  const [error] = parser.errors;
  if (!error) return { module };
  const { token } = error;
  const atEnd = Number.isNaN(token.startOffset);
  const lines = text.split('\n');
  const place = atEnd ? { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 } : position(token);
  return { problems: [{ message: error.message, ...place }] };
}
