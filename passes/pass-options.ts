import { fail } from '../ir/diagnostics.ts';
import type { Pass } from './define-pass.ts';
import type { PassOptionValues } from './run.ts';

/**
 * Reads options of a pass from their text (`--degree=7` gives `degree: '7'`; a bare `--fast` gives `fast: true`).
 * Throws FHE0901 for an option that the pass does not have and for a value of the wrong kind.
 */
export function readPassOptions(pass: Pass, given: Readonly<Record<string, string | true>>): PassOptionValues {
  const values: Record<string, number | boolean | string> = {};
  for (const [name, text] of Object.entries(given)) {
    const option = Object.hasOwn(pass.options, name) ? pass.options[name] : undefined;
    if (!option) {
      const known = Object.keys(pass.options);
      const list = known.length > 0 ? `it has --${known.join(', --')}` : 'it has none';
      fail('FHE0901', `pass '${pass.name}' has no option --${name}: ${list}`);
    }
    values[name] = readOption(option.kind, text) ?? fail('FHE0901', `--${name} must be of kind ${option.kind}`);
  }
  return values;
}

function readOption(
  kind: 'int' | 'float' | 'bool' | 'string',
  text: string | true,
): number | boolean | string | undefined {
  switch (kind) {
    case 'bool':
      return text === true || text === 'true' ? true : text === 'false' ? false : undefined;
    case 'string':
      return text === true ? undefined : text;
    case 'int':
      return text !== true && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
    case 'float':
      return text !== true && text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;
  }
}
