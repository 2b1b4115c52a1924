import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { blessHint, readFileTest, withGolden } from './file-test.ts';
import { runVerbs } from './verbs.ts';

const blessing = process.env['FHEC_BLESS'] === '1';

const files = ['test/ir', 'test/passes'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.fir'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
);

test('blessing is off in continuous integration', () => {
  expect(blessing && process.env['CI'] === 'true', 'goldens are blessed by people, never by CI').toBe(false);
});

test.each(files.sort())('%s', (path) => {
  const text = readFileSync(path, 'utf8');
  const fileTest = readFileTest(text, blessing);
  const { printed, problems } = runVerbs(fileTest, path);
  expect(problems, problems.join('\n')).toEqual([]);
  if (printed === undefined) return;
  const blessed = withGolden(fileTest.source, printed);
  if (blessing && process.env['CI'] !== 'true') {
    readFileTest(blessed);
    if (blessed !== text) writeFileSync(path, blessed);
    return;
  }
  expect(fileTest.golden?.join('\n'), `the output is not the golden; ${blessHint}`).toBe(printed.trimEnd());
});
