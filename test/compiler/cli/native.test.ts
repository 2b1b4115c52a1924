import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { runMain } from '../../../compiler/cli/run-main.ts';
import { memorySize } from '../../../compiler/cli/server-options.ts';
import { hasEngine, whyNoEngine } from '../../runtime/native/engines.ts';
import { fhec, tinyFolder, type Ran } from './tiny.ts';

let folder = '';
const at = (name: string): string => join(folder, name);
const run = (...args: readonly string[]): Promise<Ran> => fhec(folder, ...args);
const json = ({ out }: Ran): Record<string, unknown> => JSON.parse(out) as Record<string, unknown>;

beforeAll(async () => {
  folder = tinyFolder();
  const parameters = ['--ring-degree', '2048', '--insecure-for-tests', '--max-accuracy-loss', '5'];
  const made = await run(
    'compile',
    at('tiny.onnx'),
    '--calibration',
    at('data.npz'),
    ...parameters,
    '-o',
    at('t.fhec'),
  );
  expect(made.code).toBe(0);
});

const infer = (...args: readonly string[]): Promise<Ran> =>
  run('infer', at('t.fhec'), at('data.npz[0:3]'), '--json', '--quiet', '--threads', '1', ...args);

describe.skipIf(!hasEngine)(whyNoEngine || 'the native back end from the command line', () => {
  test('infer answers as SEAL and the exact program do, and tells the memory of the engine', async () => {
    const native = json(await infer('--backend', 'native'));
    const seal = json(await infer('--backend', 'seal'));
    const classes = (result: Record<string, unknown>): unknown[] =>
      (result['inputs'] as { prediction: number }[]).map((i) => i.prediction);
    expect(classes(native)).toEqual(classes(seal));
    expect(native).toMatchObject({ backend: 'native', agreement: 1 });
    expect(native['errorBits']).toBeGreaterThan(6);
    expect(native['enginePeakBytes']).toBeGreaterThan(2 ** 16);
    expect(native['peakBytes']).toBeGreaterThan(native['enginePeakBytes'] as number);
    expect(seal['enginePeakBytes']).toBeUndefined();
    const text = await run('infer', at('t.fhec'), at('data.npz[0]'), '--backend', 'native', '--quiet');
    expect(text.out).toMatch(/peak memory .* of which the native engine \d/);
  });

  test('run gives a result that decrypts to what infer says', async () => {
    await run('keygen', at('t.client.json'), '-o', at('keys'), '--quiet');
    mkdirSync(at('server'));
    cpSync(join(at('keys'), 'server', 'eval.keys'), join(at('server'), 'eval.keys'));
    const client = ['--spec', at('t.client.json'), '--keys', at('keys'), '--quiet'];
    await run('encrypt', ...client, '--input', at('data.npz[2]'), '-o', at('x.enc'));
    const server = ['run', at('t.fhec'), '--keys', join(at('server'), 'eval.keys'), '--input', at('x.enc')];
    const ran = await run(...server, '-o', at('y.enc'), '--backend', 'native', '--json', '--quiet');
    expect(json(ran)).toMatchObject({ backend: 'native', threads: [{ waitedSeconds: 0 }] });
    expect(json(ran)['enginePeakBytes']).toBeGreaterThan(2 ** 16);
    const answer = json(await run('decrypt', ...client, '--input', at('y.enc'), '--json'));
    const inferred = json(await infer('--backend', 'clear'))['inputs'] as { prediction: number }[];
    expect(answer['top1']).toBe(inferred[2].prediction);
    const small = await run(...server, '-o', at('z.enc'), '--backend', 'native', '--memory', '100kB', '--json');
    expect([small.code, json(small)]).toMatchObject([1, { error: [{ code: 'FHE0805' }] }]);
    expect(existsSync(at('z.enc'))).toBe(false);
  });

  test('a budget that holds the run gives the same answers as none', async () => {
    const outputs = (result: Record<string, unknown>): number[][][] =>
      (result['inputs'] as { outputs: number[][] }[]).map((i) => i.outputs);
    const free = json(await infer('--backend', 'native'));
    const tight = json(await infer('--backend', 'native', '--memory', '3MiB'));
    expect(tight['enginePeakBytes']).toBeLessThanOrEqual(3 * 2 ** 20);
    expect(tight['enginePeakBytes']).toBeLessThan(free['enginePeakBytes'] as number);
    // Keys and noise are fresh each time.
    outputs(tight).forEach((rows, i) => rows[0].forEach((y, c) => expect(y).toBeCloseTo(outputs(free)[i][0][c], 1)));
  });

  test('Ctrl-C ends the work with exit code 130 and clears the keys away', async () => {
    let err = '';
    let rows = 0;
    const io = {
      out: (): void => {
        rows++;
        process.emit('SIGINT');
      },
      err: (text: string): void => void (err += text),
      crashFolder: folder,
    };
    const args = ['infer', at('t.fhec'), at('data.npz'), '--backend', 'native', '--quiet', '--threads', '1'];
    expect(await runMain(args, io)).toBe(130);
    expect([rows, err]).toEqual([1, 'cancelled\n']);
    expect(process.listenerCount('SIGINT')).toBe(0);
  });
});

describe('without the native engine', () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each([
    ['infer', ['data.npz[0]']],
    ['run', []],
  ])('%s --backend native is refused with the reason', async (command, inputs) => {
    vi.stubEnv('FHEC_NATIVE', 'off');
    await run('keygen', at('t.client.json'), '-o', at('off'), '--quiet');
    const files = ['--keys', join(at('off'), 'server', 'eval.keys'), '--input', at('x'), '-o', at('y')];
    const args = command === 'run' ? files : inputs.map(at);
    const { code, out, err } = await run(command, at('t.fhec'), ...args, '--backend', 'native', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ error: [{ code: 'FHE0804' }] });
    expect(err).toMatch(/FHE0804: the native engine is not there: .*FHEC_NATIVE=off/);
    expect(err).toContain('another --backend');
  });
});

test('SEAL keeps to a budget too: what cannot fit is refused', async () => {
  const refused = await infer('--backend', 'seal', '--memory', '10 MB');
  expect([refused.code, json(refused)]).toMatchObject([1, { error: [{ code: 'FHE0805' }] }]);
  expect(refused.err).toContain('the memory budget is 10 MiB');
  // Before keys are made, which takes long.
  const { err } = await run('infer', at('t.fhec'), at('data.npz[0]'), '--memory', '1MB');
  expect(err).not.toContain('make keys');
});

test('sizes are read with their units', () => {
  expect(['500MB', '1.5 GiB', '2kb', '4096', '7B'].map(memorySize)).toEqual([5e8, 1.5 * 2 ** 30, 2000, 4096, 7]);
  for (const text of ['', 'GB', '-1GB', '0', '4PB', '1e9', '0.1B', '99999999999TB'])
    expect(() => memorySize(text)).toThrow(InvalidArgumentError);
});

test('the help says what the engine is', async () => {
  for (const command of ['infer', 'run']) {
    const { out } = await run('help', command);
    expect(out.replaceAll(/\s+/g, ' ')).toContain("fhec's own engine");
    expect(out).toContain('--memory <size>');
  }
});
