import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { peakMemory } from '../../runtime/peak-memory.ts';

test('the peak counts what this process held and gave back', () => {
  const before = peakMemory();
  const held = Buffer.alloc(300 * 2 ** 20, 1);
  expect(held[held.length - 1]).toBe(1);
  expect(peakMemory()).toBeGreaterThan(Math.max(before, 300 * 2 ** 20));
});

test.skipIf(process.platform !== 'linux')('the peak of a process counts nothing of its parent', () => {
  const held = Buffer.alloc(400 * 2 ** 20, 1);
  const script = `import(${JSON.stringify(new URL('../../runtime/peak-memory.ts', import.meta.url).href)}).then((m) => console.log(m.peakMemory()))`;
  const args = ['--import', import.meta.resolve('tsx'), '--eval', script];
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(held[0]).toBe(1);
  expect(Number(stdout)).toBeGreaterThan(2 ** 20);
  expect(Number(stdout)).toBeLessThan(400 * 2 ** 20);
});
