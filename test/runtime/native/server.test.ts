import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeModel } from '../../../ir/program/model-file.ts';
import { specificationOf } from '../../../ir/program/schema.ts';
import { elementCount, tensor } from '../../../ir/tensor.ts';
import { generateKeys, readSecretKey } from '../../../runtime/client/keys.ts';
import { openClient, type ClientSession } from '../../../runtime/client/session.ts';
import { openClear } from '../../../runtime/clear/session.ts';
import { writeFileParts } from '../../../runtime/files/files.ts';
import { nativeBudget, nativeKeyBytes, nativeWorkingBytes } from '../../../runtime/server/native-memory.ts';
import { openServer, type ServerOptions, type ServerSession } from '../../../runtime/server/session.ts';
import { Assembler, sampleProgram, testParameters } from '../assembler.ts';
import { hasEngine, whyNoEngine } from './engines.ts';

const folder = mkdtempSync(join(tmpdir(), 'fhec-native-server-'));
const modelPath = join(folder, 'server', 'model.fhec');
const keysPath = join(folder, 'server', 'eval.keys');
const program = sampleProgram(testParameters(2048, 2));
const specification = specificationOf(program, 2 ** -12);
const inputs = program.inputs.map(({ shape }, n) =>
  tensor(
    shape,
    Float64Array.from({ length: elementCount(shape) }, (_, i) => Math.cos(i * (n + 1))),
  ),
);
const refused = (code: string) => ({ diagnostics: [{ code }] });
const working = nativeWorkingBytes(program);
const key = Math.max(...nativeKeyBytes(program).values());
let client: ClientSession;

beforeAll(async () => {
  mkdirSync(join(folder, 'server'));
  writeFileParts(modelPath, writeModel(program, 2 ** -12, null));
  const { evaluationKeyPath, secretKeyPath } = await generateKeys(specification, join(folder, 'client'));
  cpSync(evaluationKeyPath, keysPath);
  client = await openClient(specification, readSecretKey(secretKeyPath, specification));
});
afterAll(() => {
  client?.close();
  rmSync(folder, { recursive: true });
});

async function withServer<T>(options: ServerOptions, use: (server: ServerSession) => Promise<T>): Promise<T> {
  const server = await openServer(modelPath, keysPath, { backend: 'native', ...options });
  try {
    return await use(server);
  } finally {
    await server.close();
  }
}

const base64 = (outputs: readonly Uint8Array[]): string[] => outputs.map((b) => Buffer.from(b).toString('base64'));

describe.skipIf(!hasEngine)(whyNoEngine || 'a native server', () => {
  test('gives the same ciphertexts at any number of threads and in any memory, which mean what the program means', async () => {
    const encrypted = client.encrypt(inputs);
    const budgets = [undefined, working + key, working + 3 * key];
    const runs: string[][] = [];
    for (const [n, memoryBudget] of budgets.entries()) {
      const options = { threads: n + 1, ...(memoryBudget === undefined ? {} : { memoryBudget }) };
      await withServer(options, async (server) => {
        for (let again = 0; again < 2; again++) {
          const shares: number[] = [];
          const result = await server.run(encrypted, { onProgress: (done) => shares.push(done) });
          expect(shares).toEqual([...shares].sort((a, b) => a - b));
          expect(shares.at(-1)).toBeCloseTo(1, 10);
          expect(result.enginePeakBytes).toBeGreaterThan(0);
          expect(result.enginePeakBytes).toBeLessThanOrEqual(memoryBudget ?? Infinity);
          runs.push(base64(result.outputs));
          const exact = openClear(program).run(inputs);
          client.decrypt(result.outputs).forEach(({ data }, i) => {
            // With some secrets the digits of key switching, which are not centred, put four times the usual noise into the first slots.
            data.forEach((y, j) => expect(Math.abs(y - exact[i].data[j])).toBeLessThan(2 ** -10));
          });
        }
      });
    }
    for (const run of runs) expect(run).toEqual(runs[0]);
  });

  test('stops between operations, refuses wrong inputs, and runs again', async () => {
    // Long enough that the word to stop arrives.
    const a = new Assembler(program.parameters);
    const x = a.input('x');
    let turned = x;
    for (let i = 0; i < 1500; i++) turned = a.rotate(turned, 1);
    const long = a.finish([turned]);
    const longModel = join(folder, 'server', 'long.fhec');
    const longKeys = join(folder, 'server', 'long.keys');
    writeFileParts(longModel, writeModel(long, 1, null));
    const described = specificationOf(long, 1);
    const made = await generateKeys(described, join(folder, 'long'));
    cpSync(made.evaluationKeyPath, longKeys);
    const longClient = await openClient(described, readSecretKey(made.secretKeyPath, described));
    const encrypted = longClient.encrypt(inputs.slice(0, 1));
    const server = await openServer(longModel, longKeys, { backend: 'native', threads: 2 });
    try {
      for (const at of [0, 0.1]) {
        const stop = new AbortController();
        const onProgress = (done: number): void => void (done >= at && stop.abort());
        const run = server.run(encrypted, { signal: stop.signal, onProgress });
        await expect(run).rejects.toMatchObject(refused('FHE0802'));
      }
      await expect(server.run(encrypted, { signal: AbortSignal.abort() })).rejects.toMatchObject(refused('FHE0802'));
      await expect(server.run([])).rejects.toMatchObject(refused('FHE0702'));
      const cut = encrypted.map((b) => b.slice(0, -8));
      await expect(server.run(cut)).rejects.toMatchObject(refused('FHE0702'));
      const [first, second] = await Promise.all([server.run(encrypted), server.run(encrypted)]);
      expect(base64(first.outputs)).toEqual(base64(second.outputs));
    } finally {
      await server.close();
      longClient.close();
    }
  });

  test('holds no more memory after a hundred runs than after two, stopped ones among them', () =>
    withServer({ threads: 1 }, async (server) => {
      const encrypted = client.encrypt(inputs);
      await server.run(encrypted);
      const { enginePeakBytes: early } = await server.run(encrypted);
      for (let i = 0; i < 100; i++) {
        const stop = new AbortController();
        const onProgress = (): void => void (i % 3 === 0 && stop.abort());
        await server.run(encrypted, { signal: stop.signal, onProgress }).catch(() => undefined);
      }
      expect((await server.run(encrypted)).enginePeakBytes).toBe(early);
    }));

  test('does not open in less memory than it needs', async () => {
    const server = openServer(modelPath, keysPath, { backend: 'native', memoryBudget: working + key - 1 });
    await expect(server).rejects.toMatchObject(refused('FHE0805'));
  });
});

describe('the memory of a native server', () => {
  const machine = { total: 2 ** 40, free: 2 ** 40 };

  test('goes to keys, then to weights', () => {
    const all = nativeBudget(program, {}, machine);
    expect(all).toMatchObject({ keys: 5 * key, engine: 0 });
    const memoryBudget = working + 3 * key;
    const some = nativeBudget(program, { memoryBudget }, machine);
    expect(some).toMatchObject({ keys: 3 * key, engine: Math.floor(memoryBudget) });
    expect(some.plaintexts).toBeLessThan(all.plaintexts);
    expect(nativeBudget(program, { keyBudget: 2 * key, plaintextBudget: 5 }, machine)).toMatchObject({
      keys: 2 * key,
      plaintexts: 5,
    });
  });

  test("is the machine's where nothing else is said", () => {
    const busy = { total: 2 ** 40, free: 0 };
    expect(nativeBudget(program, {}, busy)).toMatchObject({ keys: key, plaintexts: 0 });
    expect(() => nativeBudget(program, {}, { total: working, free: working })).toThrow('FHE0805');
  });
});
