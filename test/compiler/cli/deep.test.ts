import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { readNpy, writeNpy } from '../../../compiler/inputs/npy.ts';
import { writeModel, writeSpecification } from '../../../ir/program/model-file.ts';
import { specificationOf } from '../../../ir/program/schema.ts';
import { writeFileParts } from '../../../runtime/files/files.ts';
import { deepProgram } from '../../runtime/native/deep-program.ts';
import { hasEngine, whyNoEngine } from '../../runtime/native/engines.ts';
import { fhec, type Ran } from './tiny.ts';

const folder = mkdtempSync(join(tmpdir(), 'fhec-cli-deep-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...names: string[]): string => join(folder, ...names);
const run = (...args: readonly string[]): Promise<Ran> => fhec(folder, ...args, '--quiet');
const json = ({ out }: Ran): unknown => JSON.parse(out);

const slots = 512;
const data = Float64Array.from({ length: slots }, (_, i) => Math.sin(i * i));
const client = ['--spec', at('deep.client.json'), '--keys', at('keys')];
const server = ['run', at('deep.fhec'), '--keys', at('keys', 'server', 'eval.keys'), '--input', at('x.enc')];

beforeAll(() => {
  const program = deepProgram(slots);
  writeFileParts(at('deep.fhec'), writeModel(program, 2 ** -10, null));
  writeFileSync(at('deep.client.json'), writeSpecification(specificationOf(program, 2 ** -10)));
  writeFileSync(at('x.npy'), writeNpy([1, slots], data));
});

describe.skipIf(!hasEngine)(whyNoEngine || 'a program with bootstraps from the command line', () => {
  test('goes from keygen to decrypt', async () => {
    expect(await run('keygen', at('deep.client.json'), '-o', at('keys'))).toMatchObject({ code: 0 });
    expect(statSync(at('keys', 'secret.key')).mode & 0o777).toBe(0o600);
    expect(await run('encrypt', ...client, '--input', at('x.npy'), '-o', at('x.enc'))).toMatchObject({ code: 0 });
    const ran = await run(...server, '-o', at('y.enc'), '--backend', 'native', '--json');
    expect([ran.code, json(ran)]).toMatchObject([0, { backend: 'native' }]);
    const decrypted = await run('decrypt', ...client, '--input', at('y.enc'), '-o', at('y.npy'));
    expect(decrypted).toMatchObject({ code: 0 });
    const answer = readNpy(readFileSync(at('y.npy')), 'y.npy');
    expect(answer.shape).toEqual([1, slots]);
    data.forEach((x, i) => expect(Math.abs(x - Number(answer.data[i]))).toBeLessThan(2 ** -10));
  });

  test('is inferred in one go, with an error as small as forecast', async () => {
    const inferred = await run('infer', at('deep.fhec'), at('x.npy'), '--backend', 'native', '--json');
    expect([inferred.code, json(inferred)]).toMatchObject([0, { backend: 'native', agreement: 1 }]);
    expect((json(inferred) as { errorBits: number }).errorBits).toBeGreaterThan(10);
  });

  test('is refused by SEAL, which names who can', async () => {
    for (const args of [
      [...server, '-o', at('z.enc')],
      ['infer', at('deep.fhec'), at('x.npy')],
    ]) {
      const refused = await run(...args, '--backend', 'seal');
      expect(refused.code).toBe(1);
      expect(refused.err).toMatch(/FHE0804: .*it runs with --backend native/);
    }
    expect(existsSync(at('z.enc'))).toBe(false);
  });
});

describe('without the native engine', () => {
  afterEach(() => vi.unstubAllEnvs());

  test('keys with several special primes cannot be made; the reason is told', async () => {
    vi.stubEnv('FHEC_NATIVE', 'off');
    const refused = await run('keygen', at('deep.client.json'), '-o', at('none'));
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/FHE0804: only the native engine can make the keys of this program, .*FHEC_NATIVE=off/);
    expect(existsSync(at('none'))).toBe(false);
  });
});
