import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writeModel } from '../../../ir/program/model-file.ts';
import { specificationFingerprint, specificationOf } from '../../../ir/program/schema.ts';
import { tensor } from '../../../ir/tensor.ts';
import { clearBackend } from '../../../runtime/clear/backend.ts';
import { generateKeys, readSecretKey } from '../../../runtime/client/keys.ts';
import { openClient } from '../../../runtime/client/session.ts';
import { execute } from '../../../runtime/execute.ts';
import { neededKeys, openEvaluationKeys } from '../../../runtime/files/evaluation-keys.ts';
import { withFile, writeFileParts } from '../../../runtime/files/files.ts';
import { openServer } from '../../../runtime/server/session.ts';
import { everyKeyProgram, testParameters } from '../assembler.ts';

const folder = mkdtempSync(join(tmpdir(), 'fhec-every-key-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a server with conjugation and sparse secret computes what the program means, with room for all keys or for one', async () => {
  const program = everyKeyProgram(testParameters(1024, 2));
  const specification = specificationOf(program, 1);
  const modelPath = join(folder, 'model.fhec');
  writeFileParts(modelPath, writeModel(program, 1, null));
  const shares: number[] = [];
  const report = await generateKeys(specification, join(folder, 'client'), { onProgress: (done) => shares.push(done) });
  expect([shares.length, shares.at(-1)]).toEqual([neededKeys(program.keys, program.parameters).length, 1]);
  expect(report.galoisKeys).toBe(2);
  mkdirSync(join(folder, 'server'));
  const keysPath = join(folder, 'server', 'eval.keys');
  renameSync(report.evaluationKeyPath, keysPath);
  const fingerprint = specificationFingerprint(specification);
  const names = withFile(keysPath, (file) => openEvaluationKeys(file, fingerprint).container.sectionNames);
  expect([...names].sort()).toEqual(
    neededKeys(program.keys, program.parameters)
      .map(({ section }) => section)
      .sort(),
  );

  const client = await openClient(specification, readSecretKey(report.secretKeyPath, specification));
  const vectors = [1, 2].map((k) => Float64Array.from({ length: 512 }, (_, i) => Math.sin(k * i)));
  const want = execute(program, clearBackend, vectors);
  try {
    for (const options of [{ threads: 2 }, { threads: 1, keyBudget: 1 }]) {
      const server = await openServer(modelPath, keysPath, options);
      try {
        const { outputs } = await server.run(client.encrypt(vectors.map((v) => tensor([1, 512], v))));
        client
          .decrypt(outputs)
          .forEach(({ data }, k) => data.forEach((y, i) => expect(Math.abs(y - want[k][i])).toBeLessThan(2 ** -12)));
      } finally {
        await server.close();
      }
    }
  } finally {
    client.close();
  }
});
