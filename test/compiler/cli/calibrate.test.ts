import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { readCostFile } from '../../../compiler/costs/cost-file.ts';
import { readReport } from '../../../compiler/cli/report/schema.ts';
import { hasEngine } from '../../runtime/native/engines.ts';
import { fhec, tinyFolder, type Ran } from './tiny.ts';

let folder = '';
const at = (name: string): string => join(folder, name);
const run = (...args: readonly string[]): Promise<Ran> => fhec(folder, ...args);
const json = ({ out }: Ran): Record<string, unknown> => JSON.parse(out) as Record<string, unknown>;
const small = ['--ring-degrees', '2048', '--threads', '1'];

beforeAll(() => {
  folder = tinyFolder();
});
afterEach(() => vi.unstubAllEnvs());

const compile = async (...args: readonly string[]): Promise<Ran> => {
  const parameters = ['--ring-degree', '2048', '--insecure-for-tests', '--max-accuracy-loss', '5'];
  return run('compile', at('tiny.onnx'), '--calibration', at('data.npz'), ...parameters, '-o', at('t.fhec'), ...args);
};
const predicted = (ran: Ran): number => readReport(json(ran)['report']).cost.seconds;

test('calibrate measures this machine into the folder for settings, and compile counts with it', async () => {
  vi.stubEnv('XDG_CONFIG_HOME', at('settings'));
  const shipped = await compile('--json', '--quiet');
  const measured = json(await run('calibrate', ...small, '--json', '--quiet'));
  const file = at('settings/fhec/costs.json');
  expect(measured['out']).toBe(file);
  const costs = readCostFile(file);
  expect(Object.keys(costs.seal ?? {})).toEqual(['2048']);
  expect(costs.native !== undefined).toBe(hasEngine);
  if (hasEngine) {
    expect(costs.native?.threads).toBe(1);
    expect(measured['nativeFit']).toBeLessThan(3);
  }
  const used = await compile('--json', '--quiet');
  expect(predicted(used)).not.toBe(predicted(shipped));
  expect(predicted(await compile('--json', '--quiet', '--costs', file))).toBe(predicted(used));
  expect(predicted(await compile('--json', '--quiet', '--costs', 'shipped'))).toBe(predicted(shipped));
  expect((await compile()).err).toContain(`costs as measured on this machine: ${file}`);
});

test('calibrate says what it could not measure, and writes where it is told', async () => {
  vi.stubEnv('FHEC_NATIVE', 'off');
  const { code, out, err } = await run('calibrate', ...small, '-o', at('seal.json'));
  expect(code).toBe(0);
  expect(out).toMatch(/rotation, N = 2048, \d primes/);
  expect(err).toContain('The native engine was not measured: the environment says FHEC_NATIVE=off');
  expect(readCostFile(at('seal.json')).native).toBeUndefined();
  expect(JSON.parse(readFileSync(at('seal.json'), 'utf8'))).toMatchObject({ format: 'fhec-costs', version: 1 });
});

test('wrong ring degrees and files that are no costs are refused', async () => {
  for (const list of ['1000', '8192,', '65536', 'many']) {
    const { code, err } = await run('calibrate', '--ring-degrees', list);
    expect([code, err]).toEqual([2, expect.stringContaining('Powers of two')]);
  }
  const refused = await compile('--costs', at('tiny.onnx'));
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('FHE0702')]);
  expect((await compile('--costs', at('none.json'))).err).toContain('FHE0902');
  mkdirSync(at('taken'));
  expect((await run('calibrate', ...small, '-o', at('taken'), '--quiet')).err).toContain('FHE0902');
});
