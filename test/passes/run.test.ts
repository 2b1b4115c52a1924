import { expect, test } from 'vitest';
import { FhecError, fail } from '../../ir/diagnostics.ts';
import { canonicalNnSpec } from '../../ir/spec.ts';
import { parseModule } from '../../ir/text/parse.ts';
import { definePass } from '../../passes/define-pass.ts';
import { readPassOptions } from '../../passes/pass-options.ts';
import { formatReproducer, PassFailure, runPasses, type TimingRow } from '../../passes/run.ts';

const module = parseModule(
  'module nn func @main(%0: tensor<[2]> "x") { %1 = nn.neg(%0) : tensor<[2]> return %1 "y" }',
  { file: 'a.fir' },
);
const common = { summary: 's', assumes: [], from: 'nn', to: 'nn' } as const;
const idle = definePass({
  ...common,
  name: 'idle',
  options: { degree: { kind: 'int', default: 3, help: 'h' }, fast: { kind: 'bool', default: false, help: 'h' } },
  run: (m) => m,
});
const crash = definePass({
  ...common,
  name: 'crash',
  options: {},
  run: () => {
    throw new TypeError('cannot read');
  },
});

const caught = (f: () => unknown): unknown => {
  try {
    f();
  } catch (error) {
    return error;
  }
  return undefined;
};

test('passes run in order, each reported with its time', () => {
  const rows: TimingRow[] = [];
  const seen: string[] = [];
  const result = runPasses(module, [{ pass: idle }, { pass: idle }], {
    onTiming: (row) => rows.push(row),
    onAfter: (name, m) => seen.push(`${name} ${m.level}`),
  });
  expect(result).toBe(module);
  expect(seen).toEqual(['idle nn', 'idle nn']);
  expect(rows.map((r) => [r.pass, r.ops, r.seconds >= 0])).toEqual([
    ['idle', 1, true],
    ['idle', 1, true],
  ]);
});

test('an exception becomes a failure whose reproducer reads back as the module before the pass', () => {
  const error = caught(() => runPasses(module, [{ pass: idle }, { pass: crash, options: { a: 1 } }]));
  if (!(error instanceof PassFailure)) throw new Error('expected a PassFailure');
  expect(error.message).toContain('cannot read');
  const text = formatReproducer(error, 'fhec-crash.fir');
  expect(text.split('\n')[0]).toBe('// fhec opt fhec-crash.fir --pass crash --a=1');
  expect(parseModule(text)).toEqual(module);
});

test('a module that does not verify afterwards is a failure of the pass', () => {
  const error = caught(() => runPasses(module, [{ pass: idle, after: canonicalNnSpec }]));
  expect(error).toBeInstanceOf(PassFailure);
  expect(String(error)).toContain('nn.neg is not legal in canonical nn');
  expect(runPasses(module, [{ pass: idle, after: canonicalNnSpec }], { verifyEach: false })).toBe(module);
});

test('a refusal and a module of another level are errors of the user', () => {
  const refuse = definePass({ ...common, name: 'refuse', options: {}, run: () => fail('FHE0501', 'not possible') });
  const lower = definePass({ ...common, from: 'slots', name: 'lower', options: {}, run: (m) => m });
  for (const [pass, code] of [
    [refuse, 'FHE0501'],
    [lower, 'FHE0304'],
  ] as const) {
    const error = caught(() => runPasses(module, [{ pass }]));
    if (!(error instanceof FhecError)) throw new Error('expected a FhecError');
    expect(error.diagnostics[0].code).toBe(code);
  }
});

test('options are read by their kind', () => {
  expect(readPassOptions(idle, { degree: '7', fast: true })).toEqual({ degree: 7, fast: true });
  expect(readPassOptions(idle, { fast: 'false' })).toEqual({ fast: false });
  for (const wrong of [{ degree: '1.5' }, { degree: true }, { fast: 'perhaps' }, { size: '1' }] as const)
    expect(() => readPassOptions(idle, wrong)).toThrow('FHE0901');
});
