import { diagnostic, FhecError, type Diagnostic } from '../diagnostics.ts';
import type { Module } from '../module.ts';
import { verifyStructure } from '../verify.ts';
import { buildModule, type Built } from './build.ts';
import type { ConstantStore } from './constants.ts';
import { readSyntax } from './grammar.ts';

export interface ParseOptions {
  /** The name that messages show. */
  readonly file?: string;
  /** Where `#name` constants are looked up. */
  readonly constants?: ConstantStore;
}

/** Reads the text form of a module. Throws a {@link FhecError} with every mistake, each with its place and the line of text. */
export function parseModule(text: string, options: ParseOptions = {}): Module {
  const { module, diagnostics } = readModule(text, options);
  if (diagnostics.length > 0 || !module) throw new FhecError(diagnostics);
  return module;
}

/** As {@link parseModule}, but gives the mistakes back, with the module (poisoned where it is wrong) as far as there is one. */
export function readModule(text: string, options: ParseOptions = {}): Built {
  const file = options.file ?? 'input.fir';
  const syntax = readSyntax(text);
  if ('problems' in syntax) {
    const diagnostics = syntax.problems.map(({ message, line, column }) =>
      diagnostic('FHE0101', message, { kind: 'text', file, line, column }),
    );
    return { module: undefined, diagnostics: diagnostics.map((d) => withFrame(d, text, file)) };
  }
  const built = buildModule(syntax.module, file, options.constants);
  const diagnostics = [...built.diagnostics, ...(built.module ? verifyStructure(built.module) : [])];
  return { module: built.module, diagnostics: diagnostics.map((d) => withFrame(d, text, file)) };
}

const frameWidth = 100;

/** Adds the line of text that a diagnostic points to, with a mark under its column. */
function withFrame(d: Diagnostic, text: string, file: string): Diagnostic {
  if (d.loc.kind !== 'text' || d.loc.file !== file) return d;
  const { line, column } = d.loc;
  const source = text.split(/\r?\n/, line).at(line - 1);
  if (source === undefined) return d;
  // Long lines are cut around the column, so that the mark stays in sight.
  const from = Math.max(0, column - 1 - Math.floor(frameWidth / 2));
  const shown = source.slice(from, from + frameWidth).replaceAll('\t', ' ');
  const margin = `${line} | `;
  const mark = `${' '.repeat(margin.length - 2)}| ${' '.repeat(column - 1 - from)}^`;
  return { ...d, notes: [...d.notes, `the text is\n    ${margin}${shown}\n    ${mark}`] };
}
