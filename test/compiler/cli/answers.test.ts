import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { runMain } from '../../../compiler/cli/run-main.ts';
import { fhec, tinyFolder, type Ran } from './tiny.ts';

let folder = '';
const at = (name: string): string => join(folder, name);
const run = (...args: readonly string[]): Promise<Ran> => fhec(folder, ...args);
const json = ({ out }: Ran): { inputs: { seconds: number; prediction: number }[]; errorBits: number | null } =>
  JSON.parse(out) as { inputs: { seconds: number; prediction: number }[]; errorBits: number | null };
const lines = (name: string): string[] => readFileSync(at(name), 'utf8').trimEnd().split('\n');
const inferArgs = (inputs: string, answers: string, backend: string): string[] => [
  ...['infer', at('t.fhec'), at(inputs), '--backend', backend, '--threads', '1', '--answers', at(answers)],
];

beforeAll(async () => {
  folder = tinyFolder();
  const parameters = ['--ring-degree', '2048', '--insecure-for-tests', '--max-accuracy-loss', '5'];
  const calibration = ['--calibration', at('data.npz')];
  expect((await run('compile', at('tiny.onnx'), ...calibration, ...parameters, '-o', at('t.fhec'))).code).toBe(0);
});

test('infer that was interrupted goes on behind the last answer', async () => {
  const args = inferArgs('data.npz[0:4]', 'stopped.jsonl', 'seal');
  let out = '';
  const io = {
    out: (text: string) => {
      out += text;
      if (out.includes('input 1 ')) process.emit('SIGINT');
    },
    err: () => undefined,
    crashFolder: folder,
  };
  expect(await runMain(args, io)).toBe(130);
  expect(lines('stopped.jsonl')).toHaveLength(3);
  const kept = lines('stopped.jsonl');
  const first = await run(...args);
  expect(first.code).toBe(0);
  expect(first.err).toContain('2 of 4 answers are in');
  expect(lines('stopped.jsonl').slice(0, 3)).toEqual(kept);
  // Nothing is left to do: what is known is told again.
  const again = await run(...args, '--json');
  expect(json(again).inputs).toHaveLength(4);
  expect(lines('stopped.jsonl')).toHaveLength(5);
  const seconds = lines('stopped.jsonl')
    .slice(1)
    .map((line) => (JSON.parse(line) as { seconds: number }).seconds);
  expect(json(again).inputs.map((i) => i.seconds)).toEqual(seconds);
  const whole = json(await run('infer', at('t.fhec'), at('data.npz[0:4]'), '--backend', 'clear', '--json'));
  expect(json(again).inputs.map((i) => i.prediction)).toEqual(whole.inputs.map((i) => i.prediction));
});

test('a line that was cut short is computed again, and exact answers keep that they are', async () => {
  const args = inferArgs('data.npz[0:3]', 'cut.jsonl', 'clear');
  await run(...args);
  const whole = readFileSync(at('cut.jsonl'), 'utf8');
  writeFileSync(at('cut.jsonl'), whole.slice(0, -20));
  const again = await run(...args);
  expect(again.err).toContain('2 of 3 answers are in');
  expect(again.out).toContain('exact');
  expect(lines('cut.jsonl')).toHaveLength(4);
});

test('answers to other numbers, of another model or back end, and files that hold none', async () => {
  await run(...inferArgs('data.npz[0:2]', 'other.jsonl', 'clear'));
  const moved = await run(...inferArgs('data.npz[2:4]', 'other.jsonl', 'clear'));
  expect(moved.err).not.toContain('answers are in');
  expect(lines('other.jsonl')).toHaveLength(5);
  expect(await run(...inferArgs('data.npz[0:2]', 'other.jsonl', 'simulator'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('FHE0704') as string,
  });
  const [header, ...rest] = lines('other.jsonl');
  writeFileSync(at('model.jsonl'), `${[header.replace(/"model":"./, '"model":"z'), ...rest].join('\n')}\n`);
  expect((await run(...inferArgs('data.npz[0:2]', 'model.jsonl', 'clear'))).err).toContain('another model');
  appendFileSync(at('other.jsonl'), '{"index":1}\n');
  expect((await run(...inferArgs('data.npz[0:2]', 'other.jsonl', 'clear'))).err).toContain('line 6 is no answer');
  expect((await run(...inferArgs('data.npz[0:2]', 'data.npz', 'clear'))).err).toContain('FHE0702');
});
