import { expect, test } from 'vitest';
import { outOfDate, pages } from '../../docs/generate.ts';
import { registry } from '../../ir/registry.ts';
import { passes } from '../../passes/registry.ts';

test('the reference names every op and pass', async () => {
  const text = await pages();
  for (const { name } of registry.all()) expect(text.get('ops.md')).toContain(`\`${name}\``);
  for (const { name } of passes) expect(text.get('passes.md')).toContain(`\`${name}\``);
});

test('the reference is up to date', async () => {
  expect(await outOfDate(), "run 'npx tsx docs/generate.ts'").toEqual([]);
});
