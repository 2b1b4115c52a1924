import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesSource, readContainer, writeContainer } from '../../../ir/program/container.ts';
import { writeModel } from '../../../ir/program/model-file.ts';
import type { Program } from '../../../ir/program/program.ts';
import { specificationOf } from '../../../ir/program/schema.ts';
import { tensor } from '../../../ir/tensor.ts';
import { generateKeys, readSecretKey } from '../../../runtime/client/keys.ts';
import { openClient } from '../../../runtime/client/session.ts';
import { writeFileParts } from '../../../runtime/files/files.ts';
import { openServer } from '../../../runtime/server/session.ts';
import { partition } from '../../../runtime/server/partition.ts';
import { Assembler, testParameters } from '../assembler.ts';

const folder = mkdtempSync(join(tmpdir(), 'fhec-failure-'));
const path = (...names: string[]): string => join(folder, ...names);
const refused = (code: string) => ({ diagnostics: [{ code }] });
afterAll(() => rmSync(folder, { recursive: true }));

/** Two long branches that meet in the end; `poison` stands among the constants of the second and fits no modulus when it is large. */
function branches(poison: number): Program {
  const a = new Assembler(testParameters(1024, 2));
  const x = a.input('x');
  const long = (steps: number, factor: number): number => {
    let y = a.timesConstants(x, [factor]);
    for (let i = 0; i < 8; i++) y = a.rotate(y, steps);
    return y;
  };
  return a.finish([a.binary('add', a.rotate(long(1, 0.5), 3), long(2, poison))]);
}

describe('a server whose work fails', () => {
  const input = tensor([1, 512], new Float64Array(512).fill(0.25));
  const specification = specificationOf(branches(1), 1);

  beforeAll(async () => {
    writeFileParts(path('good.fhec'), writeModel(branches(1), 1, null));
    writeFileParts(path('bad.fhec'), writeModel(branches(1e30), 1, null));
    await generateKeys(specification, path('client'));
    mkdirSync(path('server'));
    cpSync(path('client', 'eval.keys'), path('server', 'eval.keys'));
  });

  test('the branches go to two workers', () => {
    expect(new Set(partition(branches(1), 2, 0.005).workerOf)).toEqual(new Set([-1, 0, 1]));
  });

  test('fails in one thread, which the other does not wait for, each time anew', async () => {
    const client = await openClient(specification, readSecretKey(path('client', 'secret.key'), specification));
    const encrypted = client.encrypt([input]);
    const server = await openServer(path('bad.fhec'), path('server', 'eval.keys'), { threads: 2 });
    const good = await openServer(path('good.fhec'), path('server', 'eval.keys'), { threads: 2 });
    try {
      for (let run = 0; run < 3; run++) await expect(server.run(encrypted)).rejects.toMatchObject(refused('FHE0803'));
      const { outputs } = await good.run(encrypted);
      const [decrypted] = client.decrypt(outputs);
      for (const y of decrypted.data) expect(Math.abs(y - 0.375)).toBeLessThan(2 ** -12);
    } finally {
      await Promise.all([server.close(), good.close()]);
      client.close();
    }
  });

  test('does not open without a key that it needs', async () => {
    const keys = readContainer(bytesSource(readFileSync(path('server', 'eval.keys'))), 'evaluation-keys');
    const sections = keys.sectionNames
      .filter((name) => name !== 'galois/2')
      .map((name) => ({ name, bytes: keys.section(name) }));
    writeFileParts(path('server', 'fewer.keys'), writeContainer('evaluation-keys', keys.body, sections));
    for (const threads of [1, 2]) {
      const server = openServer(path('good.fhec'), path('server', 'fewer.keys'), { threads });
      await expect(server).rejects.toMatchObject(refused('FHE0706'));
    }
  });
});
