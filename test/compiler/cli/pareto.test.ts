import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { fhec, tinyFolder } from './tiny.ts';

const folder = tinyFolder();
const file = (name: string): string => join(folder, name);

afterAll(() => rmSync(folder, { recursive: true }));

const settingsSchema = z.object({
  points: z.array(z.object({ command: z.string(), seconds: z.number() })),
  missed: z.array(z.unknown()),
});

it('writes a picture and settings that run', async () => {
  const given = [file('tiny.onnx'), '--calibration', file('data.npz'), '--max-degree', '7'];
  const ran = await fhec(
    folder,
    ...['pareto', ...given, '--losses', '0,5,40', '--latencies', '0.0001', '-o', file('sweep')],
  );
  expect(ran).toMatchObject({ code: 0 });
  const read = (name: string): string => readFileSync(join(folder, 'sweep', name), 'utf8');
  const { points, missed } = settingsSchema.parse(JSON.parse(read('settings.json')));
  expect(points.length + missed.length).toBe(4);
  expect(points.length).toBeGreaterThan(1);
  const svg = read('pareto.svg');
  expect(svg).toMatch(/^<svg xmlns/);
  expect(svg.match(/<circle/g)).toHaveLength(points.length);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  for (const [i, { command, seconds }] of points.entries()) {
    expect(read('settings.md')).toContain(command);
    const words = command.split(' ');
    expect(words.slice(0, 7)).toEqual(['fhec', 'compile', ...given]);
    const compiled = await fhec(folder, ...words.slice(1, -2), '-o', file(`${i}.fhec`), '--json');
    expect(compiled.code).toBe(0);
    expect(JSON.parse(compiled.out)).toMatchObject({ report: { cost: { seconds } } });
  }
});

it('refuses what is no list of limits', async () => {
  const given = ['pareto', file('tiny.onnx'), '--calibration', file('data.npz'), '-o', file('none')];
  expect(await fhec(folder, ...given, '--losses', 'few')).toMatchObject({ code: 2 });
  const none = await fhec(folder, ...given, '--losses', '');
  expect(none).toMatchObject({ code: 2 });
  expect(none.err).toMatch(/FHE0901/);
});
