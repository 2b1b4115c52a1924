import { codes, type Code } from './codes.ts';

/** Where a value came from. Every value of every level carries one, so that each message can name the ONNX node. */
export type Loc =
  | { readonly kind: 'unknown' }
  /** An ONNX node: its name (or, where it has none, `OpType_index`) and its operator. */
  | { readonly kind: 'onnx'; readonly node: string; readonly operator: string }
  /** A position in a textual file, 1-based. */
  | { readonly kind: 'text'; readonly file: string; readonly line: number; readonly column: number }
  /** Made by a pass from one or more earlier values. */
  | { readonly kind: 'derived'; readonly pass: string; readonly parents: readonly Loc[] };

export const unknownLoc: Loc = { kind: 'unknown' };

/** A location for a value that `pass` made from `parents`; nested derivations of one pass stay flat and unique. */
export function derivedLoc(pass: string, ...parents: readonly Loc[]): Loc {
  const known = parents.flatMap((p) => (p.kind === 'derived' ? p.parents : [p])).filter((p) => p.kind !== 'unknown');
  const unique = [...new Map(known.map((p) => [formatLoc(p), p])).values()];
  return unique.length === 0 ? unknownLoc : { kind: 'derived', pass, parents: unique.slice(0, 4) };
}

/** The ONNX nodes that a location goes back to, outermost first. */
export function onnxNodes(loc: Loc): readonly string[] {
  if (loc.kind === 'onnx') return [loc.node];
  return loc.kind === 'derived' ? loc.parents.flatMap(onnxNodes) : [];
}

export function formatLoc(loc: Loc): string {
  switch (loc.kind) {
    case 'unknown':
      return 'unknown location';
    case 'onnx':
      return `node '${loc.node}' (${loc.operator})`;
    case 'text':
      return `${loc.file}:${loc.line}:${loc.column}`;
    case 'derived':
      return loc.parents.map(formatLoc).join(', ');
  }
}

/** One message to the user. Plain data until it is thrown in a {@link FhecError}. */
export interface Diagnostic {
  readonly code: Code;
  readonly message: string;
  readonly loc: Loc;
  /** Further facts, one a line; what to do comes from the catalogue and, when it depends on the case, from here. */
  readonly notes: readonly string[];
}

export function diagnostic(
  code: Code,
  message: string,
  loc: Loc = unknownLoc,
  notes: readonly string[] = [],
): Diagnostic {
  return { code, message, loc, notes };
}

/** `error FHE0201: message`, then where, notes and what to do. */
export function formatDiagnostic(d: Diagnostic): string {
  const where = d.loc.kind === 'unknown' ? [] : [`  at ${formatLoc(d.loc)}`];
  const notes = d.notes.map((n) => `  note: ${n}`);
  return [`error ${d.code}: ${d.message}`, ...where, ...notes, `  help: ${codes[d.code].help}`].join('\n');
}

/** The one error that users meet: bad input, an impossible request, a file that does not fit. Carries at least one diagnostic. */
export class FhecError extends Error {
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join('\n'));
    this.name = 'FhecError';
    this.diagnostics = diagnostics;
  }
}

/** Throws a {@link FhecError} with one diagnostic. */
export function fail(code: Code, message: string, loc: Loc = unknownLoc, notes: readonly string[] = []): never {
  throw new FhecError([diagnostic(code, message, loc, notes)]);
}

/** A defect of fhec itself. The command line writes a reproducer for it. */
export class InternalError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InternalError';
  }
}
