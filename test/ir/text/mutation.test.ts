import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FhecError } from '../../../ir/diagnostics.ts';
import { levelSpec } from '../../../ir/spec.ts';
import { memoryStore } from '../../../ir/text/constants.ts';
import { readModule } from '../../../ir/text/parse.ts';
import { printModule } from '../../../ir/text/print.ts';
import { verifyModule } from '../../../ir/verify.ts';
import { arbitraryAnyModule } from '../../runner/arbitrary.ts';

const fragments = [
  ...[
    '%0',
    '%1',
    '#000000000000',
    '@main',
    '-1',
    '0',
    '1e999',
    '99999999999999999999',
    '2147483648',
    'NaN',
    '"',
    '\\u0000',
  ],
  ...[
    '{',
    '}',
    '(',
    ')',
    '[',
    ']',
    '<',
    '>',
    ',',
    ':',
    '=',
    '//',
    '\n',
    '',
    'nn',
    'ckks',
    'slots.mul',
    'nn.conv',
    'loc(',
  ],
  ...[
    'dense<[2]>[1, 2]',
    'sparse<[65537, 1]>[]',
    'tensor<[4294967296, 4294967296]>',
    'error',
    'é',
    '\u2028',
    '"99999999999: 99999999999@1"',
  ],
];

interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

const arbitraryEdit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(1_000_000),
  remove: fc.oneof(fc.nat(3), fc.nat(60)),
  insert: fc.oneof(fc.constantFrom(...fragments), fc.string({ maxLength: 4 })),
});

/** Edits at token boundaries and in the middle of tokens alike. */
function mutate(text: string, edits: readonly Edit[]): string {
  return edits.reduce((current, { at, remove, insert }) => {
    const from = at % (current.length + 1);
    return current.slice(0, from) + insert + current.slice(from + remove);
  }, text);
}

test('mutated text gives a module that verifies or diagnostics with codes and places, never an exception or a hang', () => {
  let refused = 0;
  fc.assert(
    fc.property(arbitraryAnyModule, fc.array(arbitraryEdit, { minLength: 1, maxLength: 4 }), (module, edits) => {
      const constants = memoryStore();
      const text = mutate(printModule(module, { constants }), edits);
      const read = readModule(text, { constants, file: 'm.fir' });
      if (read.diagnostics.length > 0) refused++;
      else if (read.module) verifyModule(read.module, levelSpec(read.module.level));
      expect(read.diagnostics.length > 0 || read.module !== undefined).toBe(true);
      for (const d of read.diagnostics) {
        expect(d.code).toMatch(/^FHE0[13]\d\d$/);
        expect(() => new FhecError([d])).not.toThrow();
      }
      // What was read without complaint can be printed and read again.
      if (read.module && read.diagnostics.length === 0) {
        const printed = printModule(read.module, { constants });
        expect(printModule(readModule(printed, { constants }).module ?? read.module, { constants })).toBe(printed);
      }
    }),
    { numRuns: 2500 },
  );
  expect(refused).toBeGreaterThan(1500);
});

test('deep nesting and long lists are refused or read, not overflowed', () => {
  const deep = `module nn\nfunc @f() {\n  %0 = nn.constant() {value = ${'['.repeat(50_000)}} : tensor<[1]>\n  return\n}\n`;
  expect(readModule(deep).diagnostics[0].code).toBe('FHE0101');
  const long = `module nn\nfunc @f() {\n  %0 = nn.constant() {value = dense<[50000]>[${'1, '.repeat(49_999)}1]} : tensor<[50000]>\n  return\n}\n`;
  expect(readModule(long).diagnostics).toEqual([]);
});
