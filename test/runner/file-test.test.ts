import { expect, test } from 'vitest';
import { diagnostic } from '../../ir/diagnostics.ts';
import { readFileTest, withGolden } from './file-test.ts';
import { errorProblems, runVerbs } from './verbs.ts';

const body =
  'module nn\n\nfunc @main(%0: tensor<[1, 2]> "x") {\n  %1 = nn.relu(%0) : tensor<[1, 2]>\n  return %1 "y"\n}\n';

test.each([
  ['no verb', body, "no '// test:' line"],
  ['an unknown verb', `// test: dance\n${body}`, "verb 'dance' is unknown"],
  ['a missing golden', `// test: print\n${body}`, 'missing or blank'],
  ['a blank golden', `// test: print\n${body}\n// expect:\n//\n`, 'missing or blank'],
  ['an orphan golden', `// test: roundtrip\n${body}\n// expect:\n// module nn\n`, 'orphan'],
  ['an orphan error', `// test: roundtrip\n// error@+1 FHE0303 type\n${body}`, 'orphan'],
  ['a malformed error', `// test: verify\n// error@1 FHE0303\n${body}`, 'line 2'],
  ['a long golden', `// test: print\n${body}\n// expect:\n${'// line\n'.repeat(81)}`, 'more than 80'],
  ['text after the golden', `// test: print\n${body}\n// expect:\n// module nn\nfunc\n`, 'text after'],
])('%s is refused', (_, text, message) => {
  expect(() => readFileTest(text)).toThrow(message);
});

test('blessing writes the printed text, which then passes', () => {
  const text = `// test: print\n${body}`;
  const { printed } = runVerbs(readFileTest(text, true), 'x.fir');
  const blessed = withGolden(text, printed ?? '');
  expect(readFileTest(blessed).golden?.join('\n')).toBe(body.trimEnd());
});

test('errors must pair up, in both directions, by code, line and text', () => {
  const found = diagnostic('FHE0303', 'wrong type here', { kind: 'text', file: 'x.fir', line: 3, column: 1 });
  const right = { line: 3, code: 'FHE0303', text: 'wrong type' };
  expect(errorProblems([right], [found], 'x.fir')).toEqual([]);
  expect(errorProblems([right], [], 'x.fir')).toHaveLength(1);
  expect(errorProblems([], [found], 'x.fir')).toHaveLength(1);
  expect(errorProblems([right], [found, found], 'x.fir')).toHaveLength(1);
  for (const other of [{ line: 4 }, { code: 'FHE0302' }, { text: 'other' }, { line: undefined }])
    expect(errorProblems([{ ...right, ...other }], [found], 'x.fir')).toHaveLength(2);
});

test('a wrong value and a text that is not canonical fail', () => {
  const problems = (verb: string, text = body): readonly string[] =>
    runVerbs(readFileTest(`// test: ${verb}\n${text}`), 'x.fir').problems;
  expect(problems('eval [-1, 2] ~= [0, 2]')).toEqual([]);
  expect(problems('eval [-1, 2] ~= [1, 2]')).toEqual(['eval gives [0, 2]']);
  expect(problems('eval [-1, 2] ~= [0, 2, 3]')).toHaveLength(1);
  expect(problems('roundtrip')).toEqual([]);
  expect(problems('roundtrip', body.replaceAll('%1', '%a'))).toHaveLength(1);
  expect(problems('verify')).toEqual([]);
});
