import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fhec, tinyFolder, type Ran } from './tiny.ts';

const folder = tinyFolder();
const cache = join(folder, 'cache');
const file = (name: string): string => join(folder, name);

afterAll(() => rmSync(folder, { recursive: true }));

const compile = (out: string, ...options: readonly string[]): Promise<Ran> =>
  fhec(
    folder,
    ...['compile', file('tiny.onnx'), '--calibration', file('data.npz'), '--cache', cache, '-o', file(out)],
    ...['--max-accuracy-loss', '5', ...options],
  );

const kept = (): string => {
  const [name] = readdirSync(cache).filter((f) => f.endsWith('.fhec'));
  return join(cache, name);
};

it('a compilation that was done before is taken from the cache, byte by byte, and no other one is', async () => {
  const first = await compile('a.fhec');
  expect(first).toMatchObject({ code: 0 });
  expect(first.err).not.toMatch(/compiled before/);
  const again = await compile('b.fhec', '--json');
  expect(again.err).toMatch(/compiled before/);
  expect(JSON.parse(again.out)).toMatchObject({ report: { model: 'tiny' } });
  expect(readFileSync(file('b.fhec')).equals(readFileSync(file('a.fhec')))).toBe(true);
  expect(readFileSync(file('b.client.json'), 'utf8')).toBe(readFileSync(file('a.client.json'), 'utf8'));
  const other = await compile('c.fhec', '--max-degree', '5');
  expect(other.code).toBe(0);
  expect(other.err).not.toMatch(/compiled before/);
});

it('a damaged one is made anew', async () => {
  rmSync(cache, { recursive: true });
  await compile('a.fhec');
  const sound = readFileSync(kept());
  for (const at of [3, 200, sound.length - 100]) {
    const damaged = Uint8Array.from(sound);
    damaged[at] ^= 1;
    writeFileSync(kept(), damaged);
    const made = await compile('b.fhec');
    expect(made).toMatchObject({ code: 0 });
    expect(made.err).not.toMatch(/compiled before/);
    expect((await compile('c.fhec')).err).toMatch(/compiled before/);
  }
});
