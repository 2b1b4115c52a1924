import type { IParserErrorMessageProvider, IToken, TokenType } from 'chevrotain';

const found = (token: IToken | undefined): string =>
  token === undefined || token.image === '' ? 'the end of the text' : `'${token.image.slice(0, 40)}'`;

const label = (type: TokenType): string => type.LABEL ?? type.name;

/** The first tokens of the alternatives, each once. */
const choices = (paths: readonly (readonly TokenType[])[]): string => {
  const names = [...new Set(paths.flatMap((p) => (p.length > 0 ? [label(p[0])] : [])))];
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${names.at(-1)}` : (names[0] ?? 'something else');
};

/** Syntax errors in the words of the user: what was expected, what stands there. */
export const syntaxMessages: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, actual }) => `expected ${label(expected)}, found ${found(actual)}`,
  buildNotAllInputParsedMessage: ({ firstRedundant }) => `expected 'func' or the end, found ${found(firstRedundant)}`,
  buildNoViableAltMessage: ({ expectedPathsPerAlt, actual }) =>
    `expected ${choices(expectedPathsPerAlt.flat())}, found ${found(actual[0])}`,
  buildEarlyExitMessage: ({ expectedIterationPaths, actual }) =>
    `expected ${choices(expectedIterationPaths)}, found ${found(actual[0])}`,
};
