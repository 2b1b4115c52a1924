import { mkdtempSync, cpSync, mkdirSync, chmodSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesSource } from '../../../ir/program/container.ts';
import { writeModel } from '../../../ir/program/model-file.ts';
import { specificationOf } from '../../../ir/program/schema.ts';
import { tensor } from '../../../ir/tensor.ts';
import { generateKeys, readSecretKey } from '../../../runtime/client/keys.ts';
import { openClient } from '../../../runtime/client/session.ts';
import { readCiphertexts, writeCiphertexts } from '../../../runtime/files/ciphertexts.ts';
import { writeFileParts } from '../../../runtime/files/files.ts';
import { openServer } from '../../../runtime/server/session.ts';
import { sampleProgram, testParameters } from '../assembler.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');

/** Every project file that `entry` reaches by imports, types included, and by the worker files that it starts. */
function reachable(entry: string, found = new Set<string>()): Set<string> {
  if (found.has(entry)) return found;
  found.add(entry);
  const text = readFileSync(entry, 'utf8');
  const imports = ts.preProcessFile(text, true, true).importedFiles.map((f) => f.fileName);
  const workers = [...text.matchAll(/import\.meta\.url, '([^']+)'/g)].map((m) => `${m[1]}.ts`);
  for (const name of [...imports, ...workers])
    if (name.startsWith('.')) reachable(resolve(dirname(entry), name), found);
  return found;
}

const serverFiles = readdirSync(join(root, 'runtime/server')).map((f) => join(root, 'runtime/server', f));

describe('the server role has no path to a secret', () => {
  test('no import leads from the server to the client, and nothing that it reaches makes keys or decrypts', () => {
    const found = new Set(serverFiles.flatMap((f) => [...reachable(f)]));
    const names = [...found].map((f) => relative(root, f));
    expect(names).toContain('runtime/server/worker.ts');
    expect(names).toContain('runtime/seal/library.ts');
    expect(names.filter((n) => n.startsWith('runtime/client/'))).toEqual([]);
    const secret = /KeyGenerator|Decryptor|SecretKey\b|Encryptor|openKeyMaker|\.keyMaker\(/;
    expect([...found].filter((f) => secret.test(readFileSync(f, 'utf8'))).map((f) => relative(root, f))).toEqual([]);
  });

  test('the walk itself finds a client where there is one', () => {
    const found = [...reachable(join(root, 'runtime/index.ts'))].map((f) => relative(root, f));
    expect(found).toContain('runtime/client/keys.ts');
    expect(found).toContain('runtime/server/worker.ts');
  });
});

describe('a secret that comes along by mistake', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fhec-secret-'));
  const path = (...names: string[]): string => join(folder, ...names);
  const program = sampleProgram(testParameters(1024, 2));
  const specification = specificationOf(program, 1);
  const refused = (code: string) => ({ diagnostics: [{ code }] });

  beforeAll(async () => {
    writeFileParts(path('model.fhec'), writeModel(program, 1, null));
    await generateKeys(specification, path('client'));
    mkdirSync(path('server'));
    cpSync(path('client', 'eval.keys'), path('server', 'eval.keys'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is refused beside the keys, as keys, as model and as ciphertexts', async () => {
    const beside = openServer(path('model.fhec'), path('client', 'eval.keys'));
    await expect(beside).rejects.toMatchObject(refused('FHE0705'));
    const asKeys = openServer(path('model.fhec'), path('client', 'secret.key'));
    await expect(asKeys).rejects.toMatchObject(refused('FHE0705'));
    const asModel = openServer(path('client', 'secret.key'), path('server', 'eval.keys'));
    await expect(asModel).rejects.toMatchObject(refused('FHE0705'));
    const secret = readFileSync(path('client', 'secret.key'));
    const label = { specification: '', key: '', role: 'input' } as const;
    expect(() => readCiphertexts(bytesSource(secret), label, program.inputs)).toThrow('FHE0705');
    cpSync(path('client', 'secret.key'), path('server', 'renamed.bin'));
    const renamed = openServer(path('model.fhec'), path('server', 'eval.keys'));
    await expect(renamed).rejects.toMatchObject(refused('FHE0705'));
    rmSync(path('server', 'renamed.bin'));
  });

  test('is written for its owner alone, never overwritten, and not read once others can read it', async () => {
    expect(statSync(path('client')).mode & 0o777).toBe(0o700);
    expect(statSync(path('client', 'secret.key')).mode & 0o777).toBe(0o600);
    const before = readFileSync(path('client', 'secret.key'));
    await expect(generateKeys(specification, path('client'))).rejects.toMatchObject(refused('FHE0904'));
    expect(Buffer.compare(readFileSync(path('client', 'secret.key')), before)).toBe(0);
    expect(readdirSync(path('client')).sort()).toEqual(['eval.keys', 'secret.key']);
    chmodSync(path('client', 'secret.key'), 0o640);
    expect(() => readSecretKey(path('client', 'secret.key'), specification)).toThrow('FHE0902');
    chmodSync(path('client', 'secret.key'), 0o600);
  });

  test('keys and ciphertexts of another key pair are told apart', async () => {
    await generateKeys(specification, path('other'));
    mkdirSync(path('server2'));
    cpSync(path('other', 'eval.keys'), path('server2', 'eval.keys'));
    const client = await openClient(specification, readSecretKey(path('client', 'secret.key'), specification));
    const ones = tensor([1, 512], new Float64Array(512).fill(1));
    const file = Buffer.concat(writeCiphertexts(client.label('input'), program.inputs, client.encrypt([ones, ones])));
    client.close();
    const server = await openServer(path('model.fhec'), path('server2', 'eval.keys'), { threads: 1 });
    try {
      expect(() => readCiphertexts(bytesSource(file), server.label('input'), program.inputs)).toThrow('FHE0704');
    } finally {
      await server.close();
    }
  });

  test('a key file that lacks a key, or belongs to another model, is refused when the server opens', async () => {
    const deeper = testParameters(1024, 3);
    writeFileParts(path('deeper.fhec'), writeModel(sampleProgram(deeper), 1, null));
    const wrong = openServer(path('deeper.fhec'), path('server', 'eval.keys'));
    await expect(wrong).rejects.toMatchObject(refused('FHE0704'));
    const none = openServer(path('model.fhec'), path('server', 'none.keys'));
    await expect(none).rejects.toMatchObject(refused('FHE0902'));
  });
});
