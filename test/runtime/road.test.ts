import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tensor } from '../../ir/tensor.ts';
import { tensor } from '../../ir/tensor.ts';
import { bytesSource } from '../../ir/program/container.ts';
import { readSpecification, writeModel, writeSpecification } from '../../ir/program/model-file.ts';
import { specificationOf, type Specification } from '../../ir/program/schema.ts';
import { clearBackend } from '../../runtime/clear/backend.ts';
import { generateKeys, readSecretKey } from '../../runtime/client/keys.ts';
import { packTensor, unpackTensor } from '../../runtime/client/pack.ts';
import { openClient, type ClientSession } from '../../runtime/client/session.ts';
import { execute } from '../../runtime/execute.ts';
import { readCiphertexts, writeCiphertexts } from '../../runtime/files/ciphertexts.ts';
import { openServer } from '../../runtime/server/session.ts';
import { sampleProgram, testParameters } from './assembler.ts';

const folder = mkdtempSync(join(tmpdir(), 'fhec-road-'));
const modelPath = join(folder, 'model.fhec');
const clientFolder = join(folder, 'client');
const serverFolder = join(folder, 'server');
const keysPath = join(serverFolder, 'eval.keys');

const program = sampleProgram(testParameters(8192, 2));
const slots = 4096;
const wave = (f: (i: number) => number): Tensor =>
  tensor(
    [1, slots],
    Float64Array.from({ length: slots }, (_, i) => f(i)),
  );
const inputs = [wave((i) => Math.cos(i * i)), wave((i) => ((i % 17) - 8) / 8)];

let specification: Specification;
let client: ClientSession;

beforeAll(async () => {
  for (const [at, part] of writeModel(program, 2 ** -12, { note: 'sample' }).entries())
    writeFileSync(modelPath, part, { flag: at === 0 ? 'w' : 'a' });
  specification = readSpecification(writeSpecification(specificationOf(program, 2 ** -12))).specification;
  const report = await generateKeys(specification, clientFolder);
  expect(report.galoisKeys).toBe(4);
  mkdirSync(serverFolder);
  cpSync(report.evaluationKeyPath, keysPath);
  client = await openClient(specification, readSecretKey(report.secretKeyPath, specification));
});

afterAll(() => {
  client?.close();
  rmSync(folder, { recursive: true });
});

function expected(): Tensor[] {
  const vectors = program.inputs.flatMap((s, i) => packTensor(s, inputs[i], slots));
  const results = execute(program, clearBackend, vectors);
  return program.outputs.map((s, i) => unpackTensor(s, [results[i]]));
}

const worst = (a: Tensor, b: Tensor): number => a.data.reduce((m, x, i) => Math.max(m, Math.abs(x - b.data[i])), 0);

describe('from model to decrypted result on SEAL', () => {
  test('secrets are private, evaluation keys are not', () => {
    expect(statSync(clientFolder).mode & 0o777).toBe(0o700);
    expect(statSync(join(clientFolder, 'secret.key')).mode & 0o777).toBe(0o600);
    expect(readdirSync(clientFolder).sort()).toEqual(['eval.keys', 'secret.key']);
  });

  test('one and two threads give the same ciphertexts, which decrypt to what the program means', async () => {
    const encrypted = client.encrypt(inputs);
    const file = Buffer.concat(writeCiphertexts(client.label('input'), program.inputs, encrypted));
    const outputs: (readonly Uint8Array[])[] = [];
    for (const threads of [1, 2]) {
      const server = await openServer(modelPath, keysPath, { threads });
      try {
        const received = readCiphertexts(bytesSource(file), server.label('input'), server.model.program.inputs);
        const seen: number[] = [];
        const result = await server.run(received, { onProgress: (done) => seen.push(done) });
        expect(seen).toEqual([...seen].sort((a, b) => a - b));
        expect(seen.at(-1)).toBeCloseTo(1, 10);
        expect(result.threads).toHaveLength(threads);
        expect(server.peakBytes()).toBeGreaterThan(2 ** 20);
        outputs.push(result.outputs);
      } finally {
        await server.close();
      }
    }
    expect(outputs[1].map((b) => Buffer.from(b).toString('base64'))).toEqual(
      outputs[0].map((b) => Buffer.from(b).toString('base64')),
    );
    const decrypted = client.decrypt(outputs[0]);
    expected().forEach((want, i) => expect(worst(decrypted[i], want)).toBeLessThan(2 ** -12));
  });

  test('a stopped or failed run leaves the session usable', async () => {
    const server = await openServer(modelPath, keysPath, { threads: 2 });
    try {
      const encrypted = client.encrypt(inputs);
      for (const at of [0, 0.3]) {
        const stop = new AbortController();
        const run = server.run(encrypted, {
          signal: stop.signal,
          onProgress: (done) => {
            if (done >= at) stop.abort();
          },
        });
        await expect(run).rejects.toMatchObject({ diagnostics: [{ code: 'FHE0802' }] });
      }
      const before = new AbortController();
      before.abort();
      await expect(server.run(encrypted, { signal: before.signal })).rejects.toMatchObject({
        diagnostics: [{ code: 'FHE0802' }],
      });
      const broken = encrypted.map((b) => b.slice(0, -8));
      await expect(server.run(broken)).rejects.toMatchObject({ diagnostics: [{ code: 'FHE0702' }] });
      await expect(server.run(encrypted.slice(1))).rejects.toMatchObject({ diagnostics: [{ code: 'FHE0702' }] });
      const [first, second] = await Promise.all([server.run(encrypted), server.run(encrypted)]);
      expect(Buffer.compare(first.outputs[0], second.outputs[0])).toBe(0);
      expect(worst(client.decrypt(first.outputs)[1], expected()[1])).toBeLessThan(2 ** -12);
    } finally {
      await server.close();
    }
  });
});
