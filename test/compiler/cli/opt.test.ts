import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { listOps, listPasses, optCommand, readSteps } from '../../../compiler/cli/opt.ts';
import { registry } from '../../../ir/registry.ts';
import { passes } from '../../../passes/registry.ts';

let folder = '';
const path = (name: string): string => join(folder, name);
const source = `module nn

func @main(%0: tensor<[1, 40]> "x") {
  %1 = nn.neg(%0) : tensor<[1, 40]>
  %2 = nn.neg(%1) : tensor<[1, 40]>
  return %2 "y"
}
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fhec-opt-'));
  writeFileSync(path('net.fir'), source);
});

const opt = async (...args: string[]): Promise<void> => {
  await optCommand().exitOverride().parseAsync(args, { from: 'user' });
};

test('without passes the text is printed in canonical form', async () => {
  await opt(path('net.fir'), '-o', path('same.fir'));
  expect(readFileSync(path('same.fir'), 'utf8')).toBe(source);
});

test('passes run in order, and their constants lie beside the result, which reads back', async () => {
  await opt(path('net.fir'), '--pass', 'linearize', '-o', path('linear.fir'));
  const text = readFileSync(path('linear.fir'), 'utf8');
  expect(text).toMatch(/nn\.linear\(%0\) \{bias = #[0-9a-f]{12}, matrices = \[#[0-9a-f]{12}\]/);
  expect(readdirSync(path('constants')).length).toBeGreaterThan(0);
  await opt(path('linear.fir'), '--pass', 'compose-linear', '-o', path('composed.fir'));
  await opt(path('net.fir'), '--pass', 'linearize,compose-linear', '--print-after', '-o', path('both.fir'));
  const both = readFileSync(path('both.fir'), 'utf8');
  expect(both.split('// after ').map((part) => part.split('\n')[0])).toEqual(['', 'linearize', 'compose-linear']);
  expect(both.endsWith(readFileSync(path('composed.fir'), 'utf8'))).toBe(true);
});

test.each([
  [['no-such-file.fir'], 'FHE0902'],
  [['net.fir', '--pass', 'no-such-pass'], 'FHE0901'],
  [['net.fir', '--pass', 'linearize', '--no-such-option=1'], 'FHE0901'],
  [['net.fir', 'other.fir'], 'FHE0901'],
  [['net.fir', '--verify', 'no-such-stage'], 'FHE0901'],
  [['net.fir', '--verify', 'canonical nn'], 'FHE0304'],
])('%j is refused with %s', async ([file, ...rest], code) => {
  await expect(opt(path(file), ...rest)).rejects.toThrow(code);
});

test('a module that satisfies the stage passes in silence', async () => {
  await opt(path('net.fir'), '--verify');
});

test('an option goes to the passes that have it', () => {
  const pass = passes.find((p) => Object.values(p.options).some((o) => o.kind === 'int'));
  if (!pass) throw new Error('no pass has an integer option');
  const [name] = Object.entries(pass.options).find(([, o]) => o.kind === 'int') ?? [''];
  expect(readSteps(pass.name, [`--${name}=12`])).toEqual([{ pass, options: { [name]: 12 } }]);
});

test('the lists name every op and pass', () => {
  for (const { name } of registry.all()) expect(listOps()).toContain(`${name}(`);
  for (const { name } of passes) expect(listPasses()).toContain(`${name} (`);
});
