import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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

test('run of several inputs that was interrupted keeps the results so far', async () => {
  await run('keygen', at('t.client.json'), '-o', at('keys'), '--quiet');
  const client = ['--spec', at('t.client.json'), '--keys', at('keys'), '--quiet'];
  const inputs = [0, 1, 2].map((i) => at(`x${i}.enc`));
  for (const [i, path] of inputs.entries())
    await run('encrypt', ...client, '--input', at(`data.npz[${i}]`), '-o', path);
  const keys = ['--keys', join(at('keys'), 'server', 'eval.keys'), '--threads', '1'];
  const server = ['run', at('t.fhec'), ...keys, '--input', ...inputs, '-o', at('results')];
  const io = { out: () => void process.emit('SIGINT'), err: () => undefined, crashFolder: folder };
  expect(await runMain(server, io)).toBe(130);
  expect(readdirSync(at('results'))).toEqual(['x0.enc']);
  const kept = readFileSync(join(at('results'), 'x0.enc'));
  const rest = await run(...server, '--json');
  expect((JSON.parse(rest.out) as { results: unknown[] }).results).toHaveLength(2);
  expect(readFileSync(join(at('results'), 'x0.enc'))).toEqual(kept);
  const exact = json(await run('infer', at('t.fhec'), at('data.npz[0:3]'), '--backend', 'clear', '--json'));
  for (const i of [0, 1, 2]) {
    const result = join(at('results'), `x${i}.enc`);
    const answer = await run('decrypt', ...client, '--input', result, '--json');
    expect(JSON.parse(answer.out)).toMatchObject({ top1: exact.inputs[i].prediction });
  }
  // A result of other keys is no result of these.
  writeFileSync(join(at('results'), 'x1.enc'), readFileSync(inputs[0]));
  expect((await run(...server)).err).toContain('FHE0704');
  const twice = await run(...server.slice(0, 6), '--input', inputs[0], inputs[0], '-o', at('results'));
  expect(twice).toMatchObject({ code: 2, err: expect.stringContaining('two inputs are called x0.enc') as string });
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
