import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runMain } from '../../../compiler/cli/run-main.ts';
import { readReport } from '../../../compiler/cli/report/schema.ts';
import { readNpy } from '../../../compiler/inputs/npy.ts';
import { fhec, tinyFolder, type Ran } from './tiny.ts';

let folder = '';
const at = (name: string): string => join(folder, name);
const run = (...args: readonly string[]): Promise<Ran> => fhec(folder, ...args);
const compileArgs = ['--ring-degree', '2048', '--insecure-for-tests', '--max-accuracy-loss', '5'];
let compiled: Ran;

beforeAll(async () => {
  folder = tinyFolder();
  compiled = await run(
    'compile',
    at('tiny.onnx'),
    '--calibration',
    at('data.npz'),
    ...compileArgs,
    '-o',
    at('tiny.fhec'),
    '--report',
    at('tiny.html'),
  );
});

/** Standard output of a run with `--json`, which must hold one JSON object and nothing else. Notes go to standard error. */
function json(ran: Ran): Record<string, unknown> {
  expect(ran.err.replace(/^warning: made with --insecure-for-tests.*\n/, '')).toBe('');
  expect(ran.code).toBe(0);
  return JSON.parse(ran.out) as Record<string, unknown>;
}

describe('compile', () => {
  test('writes the model, a client specification without weights, and the account', () => {
    expect(compiled.err).not.toContain('error');
    expect(compiled.code).toBe(0);
    for (const part of [
      'accuracy before',
      'accuracy after',
      '95% interval',
      'relu1 degree',
      'rotation keys',
      'INSECURE',
      'softmax',
    ])
      expect(compiled.out).toContain(part);
    expect(statSync(at('tiny.client.json')).size).toBeLessThan(5000);
    expect(readFileSync(at('tiny.html'), 'utf8')).toMatch(/^<!doctype html>/);
  });

  test('--json prints the report and nothing else', async () => {
    const args = [
      'compile',
      at('tiny.onnx'),
      '--calibration',
      at('data.npz[0:30]'),
      ...compileArgs,
      '-o',
      at('j.fhec'),
      '--json',
    ];
    const result = json(await run(...args));
    expect(result['model']).toBe(at('j.fhec'));
    const report = readReport(result['report']);
    expect(report.model).toBe('tiny');
    expect(report.calibration).toEqual({ images: 30, labelled: true });
  });

  test('--print-after and --dump-dir show the modules', async () => {
    const args = [
      'compile',
      at('tiny.onnx'),
      '--calibration',
      at('data.npz'),
      ...compileArgs,
      '-o',
      at('d.fhec'),
      '--quiet',
    ];
    const { out, code } = await run(...args, '--print-after', 'linearize', '--dump-dir', at('dump'));
    expect(code).toBe(0);
    expect(out).toMatch(/^\/\/ after linearize\nmodule nn/);
    const dumped = readdirSync(at('dump'));
    expect(dumped).toContain('01-import.fir');
    expect(dumped.filter((f) => f.endsWith('.fir')).length).toBeGreaterThan(6);
    const again = await run('opt', join(at('dump'), dumped.find((f) => f.endsWith('schedule.fir')) ?? ''), '--verify');
    expect(again.code).toBe(0);
  });

  test('--stop-after prints the module of that stage and writes nothing', async () => {
    const args = ['compile', at('tiny.onnx'), '--calibration', at('data.npz'), ...compileArgs, '-o', at('never.fhec')];
    const { out, code } = await run(...args, '--stop-after', 'compose-linear');
    expect(code).toBe(0);
    expect(out).toMatch(/^module nn/);
    expect(out).toContain('nn.linear');
    expect(existsSync(at('never.fhec'))).toBe(false);
    const unknown = await run(...args, '--stop-after', 'nowhere');
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('import, ')]);
    expect(existsSync(at('never.fhec'))).toBe(false);
  });
});

test('explain prints tables, JSON and HTML', async () => {
  const { out, code } = await run('explain', at('tiny.fhec'));
  expect(code).toBe(0);
  for (const part of ['relu1', 'dense1', 'chosen', 'log QP']) expect(out).toContain(part);
  const report = readReport(json(await run('explain', at('tiny.fhec'), '--json')));
  expect(report.activations.map((a) => a.node)).toEqual(['relu1']);
  expect((await run('explain', at('tiny.fhec'), '--html', at('e.html'), '--quiet')).out).toBe('');
  expect(readFileSync(at('e.html'), 'utf8')).toBe(readFileSync(at('tiny.html'), 'utf8'));
});

describe('verify', () => {
  test('says what was checked, and that the parameters protect nothing', async () => {
    const { out, err, code } = await run('verify', at('tiny.fhec'), '--spec', at('tiny.client.json'));
    expect(code).toBe(0);
    for (const part of ['SHA-256', 'NONE', 'instructions', 'belongs to the model', 'all checks passed'])
      expect(out).toContain(part);
    expect(err).toContain('protect nothing');
  });

  test('--layers runs it encrypted and says of each node how far it is from the exact program', async () => {
    const args = ['verify', at('tiny.fhec'), '--layers', at('data.npz[3:5]')];
    const { layers } = json(await run(...args, '--json')) as { layers: readonly Record<string, number | string>[] };
    expect(layers.map((l) => l['node'])).toEqual(expect.arrayContaining(['relu1']));
    for (const { bits, largest, mean, magnitude } of layers) {
      expect(bits).toBeGreaterThan(8);
      expect(mean).toBeGreaterThan(0);
      expect(largest).toBeGreaterThan(Number(mean));
      expect(magnitude).toBeGreaterThan(Number(largest));
    }
    expect(layers.find((l) => l['node'] === 'relu1')?.['approximation']).toBeGreaterThan(0);
    const { results } = json(await run(...args, '--network', at('tiny.onnx'), '--json')) as {
      results: Record<string, number>;
    };
    // Polynomials cost far more than noise, and less than the answer.
    const noise = Math.min(...layers.map((l) => Number(l['bits'])));
    expect(results['bits']).toBeLessThan(noise);
    expect(results['bits']).toBeGreaterThan(0);
    const table = await run(...args);
    expect(table.out).toMatch(/node +level +bits/);
  });

  test('refuses a damaged model, another file, and a specification of another model', async () => {
    const bytes = readFileSync(at('tiny.fhec'));
    bytes[bytes.length - 100] ^= 1;
    writeFileSync(at('damaged.fhec'), bytes);
    const damaged = await run('verify', at('damaged.fhec'));
    expect([damaged.code, damaged.err]).toEqual([1, expect.stringContaining('FHE0702')]);
    const other = await run('verify', at('tiny.onnx'));
    expect([other.code, other.err]).toEqual([1, expect.stringContaining('FHE0701')]);
    const text = readFileSync(at('tiny.client.json'), 'utf8');
    writeFileSync(
      at('changed.client.json'),
      text.replace('"axis": -1', '"axis": 1').replace('"axis":-1', '"axis":1').replace('softmax"', 'softmax2"'),
    );
    const changed = await run('verify', at('tiny.fhec'), '--spec', at('changed.client.json'));
    expect(changed.code).toBe(1);
  });
});

test.each(['clear', 'simulator'])('infer on the %s back end agrees with the exact program', async (backend) => {
  const result = json(
    await run('infer', at('tiny.fhec'), at('data.npz'), '--count', '5', '--backend', backend, '--json', '--quiet'),
  );
  expect(result['count']).toBe(5);
  expect(result['agreement']).toBe(1);
  expect(result['inputs']).toHaveLength(5);
  const text = await run('infer', at('tiny.fhec'), at('data.npz[3]'), '--backend', backend);
  expect(text.out).toMatch(/^input 0 {3}label 0 {3}prediction \d/);
  expect(text.out).toContain('accuracy');
});

test('simulate gives accuracy with its interval, and equal results for equal seeds', async () => {
  const args = ['simulate', at('tiny.fhec'), at('data.npz'), '--threads', '1', '--json', '--quiet'];
  const first = json(await run(...args));
  expect(first['count']).toBe(60);
  expect(first['agreement']).toBeGreaterThan(0.9);
  expect(first['interval']).toHaveLength(2);
  expect(json(await run(...args))['predictions']).toEqual(first['predictions']);
});

test('a model remembers how its inputs were prepared', async () => {
  const preparation = ['--scale', '2', '--mean', '0.25'];
  const data = ['--calibration', at('data.npz')];
  await run('compile', at('tiny.onnx'), ...data, ...compileArgs, ...preparation, '-o', at('prepared.fhec'));
  const outputs = async (...flags: readonly string[]): Promise<unknown> => {
    const { inputs } = json(
      await run('infer', at('prepared.fhec'), at('data.npz[3]'), '--backend', 'clear', ...flags, '--json'),
    );
    return (inputs as { outputs: unknown }[])[0].outputs;
  };
  const remembered = await outputs();
  expect(remembered).toEqual(await outputs(...preparation));
  expect(remembered).not.toEqual(await outputs('--mean', '0'));
});

test('keys, encryption, run and decryption in separate steps give the answer of the exact program', async () => {
  const made = json(await run('keygen', at('tiny.client.json'), '-o', at('keys'), '--json', '--quiet'));
  expect(made['evaluationKeys']).toBe(join(at('keys'), 'server', 'eval.keys'));
  expect(statSync(join(at('keys'), 'secret.key')).mode & 0o777).toBe(0o600);
  expect((await run('keygen', at('tiny.client.json'), '-o', at('keys'), '--quiet')).err).toContain('FHE0904');
  mkdirSync(at('server'));
  cpSync(join(at('keys'), 'server', 'eval.keys'), join(at('server'), 'eval.keys'));
  const client = ['--spec', at('tiny.client.json'), '--keys', at('keys'), '--quiet'];
  const server = ['run', at('tiny.fhec'), '--keys', join(at('server'), 'eval.keys'), '--threads', '1', '--quiet'];
  expect((await run('encrypt', ...client, '--input', at('data.npz'), '-o', at('x.enc'))).err).toContain(
    'several inputs',
  );
  expect((await run('encrypt', ...client, '--input', at('data.npz[7]'), '-o', at('x.enc'))).code).toBe(0);
  expect((await run('verify', at('tiny.fhec'), '--keys', join(at('server'), 'eval.keys'))).out).toContain(
    'evaluation keys',
  );
  expect((await run(...server, '--input', at('x.enc'), '-o', at('y.enc'))).code).toBe(0);
  const answer = json(await run('decrypt', ...client, '--input', at('y.enc'), '-o', at('y.npy'), '--json'));
  const exact = json(await run('infer', at('tiny.fhec'), at('data.npz[7]'), '--backend', 'clear', '--json', '--quiet'));
  const [row] = exact['inputs'] as { prediction: number; outputs: number[][] }[];
  expect(answer['top1']).toBe(row.prediction);
  const probabilities = [...readNpy(readFileSync(at('y.npy')), 'y').data];
  const powers = row.outputs[0].map(Math.exp);
  const sum = powers.reduce((a, b) => a + b);
  probabilities.forEach((p, i) => expect(p).toBeCloseTo(powers[i] / sum, 1));
  const wrong = await run('decrypt', ...client, '--input', at('x.enc'));
  expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('FHE0704')]);
  const secret = await run(
    'run',
    at('tiny.fhec'),
    '--keys',
    join(at('keys'), 'secret.key'),
    '--input',
    at('x.enc'),
    '-o',
    at('z.enc'),
    '--quiet',
  );
  expect([secret.code, secret.err]).toEqual([1, expect.stringContaining('FHE0705')]);
});

describe('wrong usage and errors', () => {
  test.each([
    [['no-such-command']],
    [['compile']],
    [['compile', 'a.onnx', '--degrees', 'many', '--calibration', 'x']],
    [['compile', 'a.onnx', '--max-latency', '1', '--max-accuracy-loss', '1', '--calibration', 'x']],
    [['infer', 'a', 'b', '--backend', 'paper']],
    [['keygen', 'spec.json']],
    [['run', 'm', '--keys', 'k', '--input', 'x', '-o', 'y', '--threads', '0']],
    [['verify', 'm', '--frobnicate']],
  ])('%j exits with 2 and points to the help', async (args) => {
    const { code, out, err } = await run(...args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain('error');
  });

  test('bad input exits with 1, says what to do, and with --json tells the code on standard output', async () => {
    const { code, out, err } = await run('explain', at('absent.fhec'), '--json');
    expect(code).toBe(1);
    expect(err).toMatch(/^error FHE0902: .*\n {2}help: /);
    expect(JSON.parse(out)).toMatchObject({ error: [{ code: 'FHE0902' }] });
    expect((await run('compile', at('tiny.onnx'))).err).toContain('FHE0401');
    expect((await run('compile', at('data.npz'), '--calibration', at('data.npz'))).err).toContain('FHE0201');
  });

  test('a defect exits with 3 and leaves a reproducer with the command line', async () => {
    const io = {
      out: () => {
        throw new TypeError('the pipe burst');
      },
      err: () => undefined,
      crashFolder: at('crash'),
    };
    mkdirSync(at('crash'));
    expect(await runMain(['explain', at('tiny.fhec')], io)).toBe(3);
    const [file] = readdirSync(at('crash'));
    const text = readFileSync(join(at('crash'), file), 'utf8');
    expect(file).toMatch(/^fhec-crash-.*\.txt$/);
    expect(text).toContain('command: fhec "explain"');
    expect(text).toContain('TypeError: the pipe burst');
  });
});

describe('help', () => {
  const commands = [
    'compile',
    'keygen',
    'encrypt',
    'run',
    'decrypt',
    'infer',
    'explain',
    'simulate',
    'verify',
    'calibrate',
    'opt',
  ];

  test('the overview names every command and the exit codes', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    for (const name of commands) expect(out).toContain(`\n  ${name}`);
    expect(out).toContain('Exit codes');
  });

  test.each(commands)('%s has examples', async (name) => {
    const { code, out } = await run('help', name);
    expect(code).toBe(0);
    expect(out).toMatch(/Examples:\n {2}(fhec|cat)/);
    if (name !== 'opt') for (const option of ['--json', '--quiet']) expect(out).toContain(option);
  });
});
