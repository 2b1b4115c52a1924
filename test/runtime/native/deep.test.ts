import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { topLevel } from '../../../ir/ckks/parameters.ts';
import { writeModel } from '../../../ir/program/model-file.ts';
import { specificationFingerprint, specificationOf } from '../../../ir/program/schema.ts';
import { tensor } from '../../../ir/tensor.ts';
import { clientParameters } from '../../../runtime/client/client-parameters.ts';
import { generateKeys, readSecretKey, type KeyReport } from '../../../runtime/client/keys.ts';
import { openClient, type ClientSession } from '../../../runtime/client/session.ts';
import { neededKeys, openEvaluationKeys } from '../../../runtime/files/evaluation-keys.ts';
import { withFile, writeFileParts } from '../../../runtime/files/files.ts';
import { nativeKeyBytes, nativeWorkingBytes } from '../../../runtime/server/native-memory.ts';
import { openServer } from '../../../runtime/server/session.ts';
import { deepProgram } from './deep-program.ts';
import { hasEngine, whyNoEngine } from './engines.ts';

const folder = mkdtempSync(join(tmpdir(), 'fhec-deep-'));
const modelPath = join(folder, 'server', 'model.fhec');
const keysPath = join(folder, 'server', 'eval.keys');
const slots = 512;

const program = deepProgram(slots);
const { parameters } = program;
const specification = specificationOf(program, 2 ** -12);
const data = Float64Array.from({ length: slots }, (_, i) => Math.sin(i * i));

const deviation = (a: Float64Array, b: Float64Array): number =>
  Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0) / a.length);

describe.skipIf(!hasEngine)(whyNoEngine || 'a program with a bootstrap and several special primes', () => {
  let report: KeyReport;
  let client: ClientSession;
  beforeAll(async () => {
    writeFileParts(modelPath, writeModel(program, 2 ** -12, null));
    const shares: number[] = [];
    report = await generateKeys(specification, join(folder, 'client'), { onProgress: (done) => shares.push(done) });
    expect(shares).toEqual(neededKeys(program.keys, parameters).map((_, i, all) => (i + 1) / all.length));
    cpSync(report.evaluationKeyPath, keysPath);
    client = await openClient(specification, readSecretKey(report.secretKeyPath, specification));
  });
  afterAll(() => {
    client?.close();
    rmSync(folder, { recursive: true });
  });

  test('needs few primes and one special prime at the client', () => {
    const { primes, scales, specialPrimes } = clientParameters(specification);
    const highest = Math.max(...[...program.inputs, ...program.outputs].map((s) => s.level));
    expect(highest).toBeLessThan(topLevel(parameters) / 2);
    expect(primes).toEqual(parameters.primes.slice(0, highest + 1));
    expect(scales).toEqual(parameters.scales.slice(0, highest + 1));
    expect(specialPrimes).toEqual(parameters.specialPrimes.slice(0, 1));
  });

  test('has keys that are private or public as all are, with every section, as small as their levels allow', () => {
    expect(statSync(report.secretKeyPath).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'client')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, 'client')).sort()).toEqual(['eval.keys', 'secret.key']);
    expect(statSync(report.evaluationKeyPath).size).toBe(report.evaluationKeyBytes);
    const needed = neededKeys(program.keys, parameters);
    withFile(keysPath, (file) => {
      const { container, keyFingerprint } = openEvaluationKeys(file, specificationFingerprint(specification));
      expect(keyFingerprint).toBe(report.keyFingerprint);
      expect(container.sectionNames).toEqual(needed.map(({ section }) => section));
      const lengths = new Map(needed.map(({ section }) => [section, container.section(section).length]));
      const longest = Math.max(...lengths.values());
      expect(lengths.get('secret/dense')).toBe(longest);
      // Products begin behind CoeffsToSlots.
      expect(lengths.get('relinearization')).toBeLessThan(longest);
      expect(lengths.get('secret/sparse')).toBeLessThan(longest / 20);
    });
  });

  test('is decrypted to its input, whatever fits into memory', async () => {
    const encrypted = client.encrypt([tensor([1, slots], data)]);
    const largest = Math.max(...nativeKeyBytes(program).values());
    const memoryBudget = Math.ceil(nativeWorkingBytes(program) + 2.5 * largest);
    for (const options of [{ threads: 2 }, { threads: 1, keyBudget: 1 }, { threads: 1, memoryBudget }]) {
      const server = await openServer(modelPath, keysPath, { backend: 'native', ...options });
      try {
        const answers: Float64Array[] = [];
        for (let run = 0; run < 2; run++) {
          const { outputs, enginePeakBytes } = await server.run(encrypted);
          expect(enginePeakBytes).toBeLessThanOrEqual(options.memoryBudget ?? Infinity);
          answers.push(client.decrypt(outputs)[0].data);
        }
        // How much is rounded at once depends on what fits.
        expect(deviation(answers[0], data)).toBeLessThan(2 ** -14);
        expect(answers[1]).toEqual(answers[0]);
      } finally {
        await server.close();
      }
    }
  });

  test('is refused by SEAL, by name of who can', async () => {
    await expect(openServer(modelPath, keysPath, { backend: 'seal' })).rejects.toThrow(/FHE0804.*--backend native/);
  });

  test('has no keys without the engine', async () => {
    vi.stubEnv('FHEC_NATIVE', 'off');
    try {
      const keys = generateKeys(specification, join(folder, 'none'));
      await expect(keys).rejects.toThrow(/FHE0804.*only the native engine/);
    } finally {
      vi.unstubAllEnvs();
    }
    expect(readdirSync(folder).sort()).toEqual(['client', 'server']);
  });
});
