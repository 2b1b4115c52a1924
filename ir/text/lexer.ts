import { createToken, Lexer, type TokenType } from 'chevrotain';

/** Names of attributes, types and ops (`level.name`). Keywords are identifiers too, so that an attribute may have any name. */
export const Identifier = createToken({ name: 'Identifier', label: 'a name', pattern: /[A-Za-z_]\w*(?:\.\w+)*/ });

const keyword = (word: string): TokenType =>
  createToken({
    name: `Keyword_${word}`,
    label: `'${word}'`,
    pattern: word,
    longer_alt: Identifier,
    categories: [Identifier],
  });
const sign = (name: string, text: string): TokenType => createToken({ name, label: `'${text}'`, pattern: text });

export const Module = keyword('module');
export const Func = keyword('func');
export const Return = keyword('return');
export const Loc = keyword('loc');
export const Interface = keyword('interface');
export const Parameters = keyword('parameters');
export const Input = keyword('input');
export const Output = keyword('output');
export const Factor = keyword('factor');
export const Layout = keyword('layout');
export const Client = keyword('client');
export const Axis = keyword('axis');
export const Node = keyword('node');
export const Derived = keyword('derived');
export const Unknown = keyword('unknown');
export const Dense = keyword('dense');
export const Sparse = keyword('sparse');
export const True = keyword('true');
export const False = keyword('false');

export const StringLiteral = createToken({
  name: 'StringLiteral',
  label: 'a string',
  pattern: /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/,
});
export const NumberLiteral = createToken({
  name: 'NumberLiteral',
  label: 'a number',
  pattern: /NaN|-?(?:Infinity|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/,
  longer_alt: Identifier,
});
export const ValueName = createToken({ name: 'ValueName', label: 'a value (%name)', pattern: /%\w+/ });
export const FuncName = createToken({
  name: 'FuncName',
  label: 'a function (@name)',
  pattern: /@(?:[A-Za-z_][\w.-]*|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")/,
});
export const ConstantName = createToken({ name: 'ConstantName', label: 'a constant (#name)', pattern: /#\w+/ });

export const LeftBrace = sign('LeftBrace', '{');
export const RightBrace = sign('RightBrace', '}');
export const LeftParen = sign('LeftParen', '(');
export const RightParen = sign('RightParen', ')');
export const LeftBracket = sign('LeftBracket', '[');
export const RightBracket = sign('RightBracket', ']');
export const LeftAngle = sign('LeftAngle', '<');
export const RightAngle = sign('RightAngle', '>');
export const Comma = sign('Comma', ',');
export const Colon = sign('Colon', ':');
export const Equals = sign('Equals', '=');

const Space = createToken({ name: 'Space', pattern: /[ \t\r\n]+/, group: Lexer.SKIPPED, line_breaks: true });
const Comment = createToken({ name: 'Comment', pattern: /\/\/[^\r\n]*/, group: Lexer.SKIPPED });

/** Every token, in the order in which the lexer tries them: keywords before identifiers. */
export const tokens: readonly TokenType[] = [
  Space,
  Comment,
  StringLiteral,
  NumberLiteral,
  ValueName,
  FuncName,
  ConstantName,
  ...[Module, Func, Return, Loc, Interface, Parameters, Input, Output, Factor, Layout, Client, Axis, Node],
  ...[Derived, Unknown, Dense, Sparse, True, False],
  Identifier,
  ...[LeftBrace, RightBrace, LeftParen, RightParen, LeftBracket, RightBracket, LeftAngle, RightAngle],
  ...[Comma, Colon, Equals],
];

export const lexer = new Lexer([...tokens], { positionTracking: 'onlyStart', ensureOptimizations: true });
