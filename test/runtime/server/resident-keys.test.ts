import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writeModel } from '../../../ir/program/model-file.ts';
import type { Program } from '../../../ir/program/program.ts';
import { specificationFingerprint, specificationOf } from '../../../ir/program/schema.ts';
import { tensor } from '../../../ir/tensor.ts';
import { generateKeys, readSecretKey } from '../../../runtime/client/keys.ts';
import { openClient } from '../../../runtime/client/session.ts';
import { openEvaluationKeys } from '../../../runtime/files/evaluation-keys.ts';
import { withFile, writeFileParts } from '../../../runtime/files/files.ts';
import { openSeal } from '../../../runtime/seal/library.ts';
import { keyUses } from '../../../runtime/server/key-cache.ts';
import { ResidentKeys } from '../../../runtime/server/resident-keys.ts';
import { openServer } from '../../../runtime/server/session.ts';
import { Assembler, testParameters } from '../assembler.ts';

const folder = mkdtempSync(join(tmpdir(), 'fhec-resident-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The sum of five rotations, two of them alike. */
function program(): Program {
  const a = new Assembler(testParameters(1024, 2));
  const x = a.input('x');
  const parts = [1, 2, 4, 1, 8].map((steps) => a.rotate(x, steps));
  return a.finish([parts.reduce((sum, part) => a.binary('add', sum, part))]);
}

test('a server with room for one key gives the same answers as one with room for all', async () => {
  const made = program();
  const specification = specificationOf(made, 1);
  const modelPath = join(folder, 'model.fhec');
  writeFileParts(modelPath, writeModel(made, 1, null));
  const keys = await generateKeys(specification, join(folder, 'client'));
  mkdirSync(join(folder, 'server'));
  const keysPath = join(folder, 'server', 'eval.keys');
  renameSync(keys.evaluationKeyPath, keysPath);
  const client = await openClient(specification, readSecretKey(keys.secretKeyPath, specification));
  const data = Float64Array.from({ length: 512 }, (_, i) => (i % 7) / 7);
  const expected = data.map((_, i) => [1, 2, 4, 1, 8].reduce((sum, s) => sum + data[(i + s) % 512], 0));
  const encrypted = client.encrypt([tensor([1, 512], data)]);
  try {
    for (const keyBudget of [1, 2 ** 30]) {
      const server = await openServer(modelPath, keysPath, { threads: 1, keyBudget });
      // Twice, since the second run finds the keys that the first one left.
      for (let run = 0; run < 2; run++) {
        const [decrypted] = client.decrypt((await server.run(encrypted)).outputs);
        decrypted.data.forEach((y, i) => expect(Math.abs(y - expected[i])).toBeLessThan(2 ** -10));
      }
      await server.close();
    }
  } finally {
    client.close();
  }

  const seal = await openSeal(made.parameters);
  const reads: string[] = [];
  const uses = keyUses(made.instructions);
  const resident = new ResidentKeys(
    seal,
    (read) =>
      withFile(keysPath, (file) => {
        const opened = openEvaluationKeys(file, specificationFingerprint(specification));
        const section = (name: string): Uint8Array => (reads.push(name), opened.container.section(name));
        return read({ ...opened, container: { ...opened.container, section } });
      }),
    uses,
    3 * (made.parameters.primes.length * 2 * (made.parameters.primes.length + 1) * 1024 * 8),
  );
  // Three of the four fit and are read at once; the one that is needed last of all makes room for the fourth, run by run.
  expect(reads).toHaveLength(3);
  for (let run = 0; run < 2; run++) {
    resident.startRun();
    for (const use of uses) expect(resident.galois.get(Number(use.split('/')[1]))).toBeDefined();
  }
  expect(reads.length - 3).toBeLessThanOrEqual(3);
  resident.startRun();
  expect(() => resident.galois.get(512)).toThrow('out of order');
});
