import { fail } from '../../ir/diagnostics.ts';

/** A part of a data set: items from `start` up to and without `end` (absent: to the last). */
export interface Range {
  readonly start: number;
  readonly end?: number;
}

export interface InputSpec {
  readonly path: string;
  readonly range?: Range;
  /** True for `[i]`: the item must exist, where a range may be cut at the end. */
  readonly single: boolean;
}

/**
 * Reads `PATH`, `PATH[i]`, `PATH[a:b]`, `PATH[a:]` or `PATH[:b]`. A path that exists as it stands is no range. Errors: FHE0901 for an
 * empty range.
 */
export function parseInputSpec(text: string, exists: (path: string) => boolean): InputSpec {
  const match = /^(.+)\[(\d{0,9})(:?)(\d{0,9})\]$/s.exec(text);
  if (!match || exists(text)) return { path: text, single: false };
  const [, path, from, colon, to] = match;
  if (colon === '') {
    if (from === '') fail('FHE0901', `'${text}': give an index or a range, as in ${path}[0:20]`);
    return { path, range: { start: Number(from), end: Number(from) + 1 }, single: true };
  }
  const start = from === '' ? 0 : Number(from);
  if (to !== '' && Number(to) <= start) fail('FHE0901', `'${text}': the range is empty`);
  return { path, range: { start, ...(to === '' ? {} : { end: Number(to) }) }, single: false };
}
