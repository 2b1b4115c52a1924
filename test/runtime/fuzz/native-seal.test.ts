import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesSource, readContainer } from '../../../ir/program/container.ts';
import { readModel, writeModel } from '../../../ir/program/model-file.ts';
import type { Program } from '../../../ir/program/program.ts';
import { specificationOf } from '../../../ir/program/schema.ts';
import { tensor } from '../../../ir/tensor.ts';
import { generateKeys, readSecretKey } from '../../../runtime/client/keys.ts';
import { openClient } from '../../../runtime/client/session.ts';
import { execute } from '../../../runtime/execute.ts';
import { readCiphertexts, writeCiphertexts, type CiphertextLabel } from '../../../runtime/files/ciphertexts.ts';
import {
  conjugationSection,
  galoisSection,
  neededKeys,
  openEvaluationKeys,
  relinearizationSection,
  secretSwitchSection,
} from '../../../runtime/files/evaluation-keys.ts';
import { nativeBackend, type NativeKeys } from '../../../runtime/native/backend.ts';
import { fuseProgram } from '../../../runtime/native/fuse.ts';
import { loadKey } from '../../../runtime/native/keys.ts';
import { guardNative, openNative, type Handle, type NativeEngine } from '../../../runtime/native/library.ts';
import { PlaintextStore } from '../../../runtime/native/plaintext-store.ts';
import { runFused } from '../../../runtime/native/run-fused.ts';
import { giveCiphertext, takeCiphertext } from '../../../runtime/native/transfer.ts';
import { nativeBudget } from '../../../runtime/server/native-memory.ts';
import { everyKeyProgram, testParameters } from '../assembler.ts';
import { hasEngine, whyNoEngine } from '../native/engines.ts';
import { hunt, only, seed, share, takeApart } from './hunt.ts';
import { assemble, mutateBytes, mutateParts } from './mutate.ts';

const folder = mkdtempSync(join(tmpdir(), 'fhec-fuzz-seal-'));
afterAll(() => rmSync(folder, { recursive: true }));

const program = everyKeyProgram(testParameters(1024, 2));
const { parameters } = program;
const specification = specificationOf(program, 2 ** -10);
const model = Buffer.concat(writeModel(program, 2 ** -10, { note: 'sample' }));
const input = tensor([1, 512], new Float64Array(512).fill(0.5));
const sections = neededKeys(program.keys, parameters).map(({ section }) => section);

/** What SEAL made and the engine reads: one special prime. */
describe.skipIf(!hasEngine)(whyNoEngine || `mutants of SEAL's files at the native engine (seed ${seed})`, () => {
  let engine: NativeEngine;
  let keysFile: Uint8Array;
  let ciphertextFile: Uint8Array;
  let label: CiphertextLabel;
  let encrypted: readonly Uint8Array[];

  beforeAll(async () => {
    engine = openNative(parameters, { threads: 2 });
    const report = await generateKeys(specification, join(folder, 'keys'));
    keysFile = readFileSync(report.evaluationKeyPath);
    const client = await openClient(specification, readSecretKey(report.secretKeyPath, specification));
    label = client.label('input');
    encrypted = client.encrypt([input, input]);
    ciphertextFile = Buffer.concat(writeCiphertexts(label, program.inputs, encrypted));
    client.close();
  });
  afterAll(() => engine?.close());

  const given = (): Handle[] => encrypted.map((b, i) => takeCiphertext(engine, parameters, b, program.inputs[i]));

  /** Loads a key and switches something with it; SEAL's key to the sparse secret serves level 0. */
  const use = (bytes: Uint8Array, section: string, fingerprint: string): void => {
    const held = [loadKey(engine, program, openEvaluationKeys(bytesSource(bytes), fingerprint), section)];
    try {
      guardNative('use', () => {
        const [key] = held;
        const x = takeCiphertext(engine, parameters, encrypted[0], program.inputs[0]);
        held.push(x);
        const low = engine.modDrop(x, 0);
        held.push(low);
        if (section.startsWith('galois')) held.push(engine.rotate(x, key));
        else held.push(engine.switchSecret(low, key));
      });
    } finally {
      for (const handle of held) engine.release(handle);
    }
  };

  test('evaluation keys are refused, or are keys that work', () => {
    const { fingerprint } = readModel(readContainer(bytesSource(model), 'model'));
    const parts = takeApart(keysFile, 'evaluation-keys');
    const damaged = hunt(share(0.1), 31, (dice) =>
      use(mutateBytes(keysFile, dice, dice.pick([3000, keysFile.length])), dice.pick(sections), fingerprint),
    );
    only(damaged, 'valid', 'FHE0701', 'FHE0702', 'FHE0703', 'FHE0706');
    const outcomes = hunt(share(0.3), 32, (dice) => {
      const mutated = mutateParts(parts, dice, [], dice.pick([120, 300, undefined]));
      const at = mutated.sections.findIndex((s, i) => s !== parts.sections[i]);
      use(assemble(mutated), parts.sections[at]?.name ?? dice.pick(sections), fingerprint);
    });
    only(outcomes, 'valid', 'FHE0701', 'FHE0702', 'FHE0704', 'FHE0705', 'FHE0706');
    expect(outcomes.get('FHE0702')).toBeGreaterThan(share(0.3) / 8);
    expect(engine.objectCount()).toBe(0);
    expect(engine.bytesInUse()).toBe(0);
  });

  test('ciphertexts are refused, or come back word for word', () => {
    const parts = takeApart(ciphertextFile, 'ciphertexts');
    const outcomes = hunt(share(0.2), 33, (dice) => {
      const near = dice.pick([150, undefined]);
      const bytes = dice.chance(0.3)
        ? mutateBytes(ciphertextFile, dice, near)
        : assemble(mutateParts(parts, dice, [], near));
      readCiphertexts(bytesSource(bytes), label, program.inputs).forEach((b, i) => {
        const cipher = takeCiphertext(engine, parameters, b, program.inputs[i]);
        const again = giveCiphertext(engine, parameters, cipher);
        engine.release(cipher);
        const second = takeCiphertext(engine, parameters, again, program.inputs[i]);
        expect(Buffer.compare(giveCiphertext(engine, parameters, second), again)).toBe(0);
        engine.release(second);
      });
    });
    only(outcomes, 'valid', 'FHE0701', 'FHE0702', 'FHE0703', 'FHE0704', 'FHE0705');
    expect(outcomes.get('FHE0702')).toBeGreaterThan(share(0.2) / 8);
    expect(engine.objectCount()).toBe(0);
  });

  test('models are refused, or are programs that run, fused as instruction by instruction', () => {
    const parts = takeApart(model, 'model');
    const loaded = new Map<string, Handle>();
    /** Runs both ways and compares. Keys are those of the unchanged model: a changed specification has none. */
    const run = (mutant: Program, fingerprint: string): void => {
      const file = openEvaluationKeys(bytesSource(keysFile), fingerprint);
      const key = (section: string): Handle => {
        const handle = loaded.get(section) ?? loadKey(engine, program, file, section);
        loaded.set(section, handle);
        return handle;
      };
      const keys: NativeKeys = {
        relinearization: () => key(relinearizationSection),
        conjugation: () => key(conjugationSection),
        rotation: (steps) => key(galoisSection(steps)),
        secret: (to) => key(secretSwitchSection(to)),
        automorphisms: (all) => all.map((i) => key(i.op === 'rotate' ? galoisSection(i.steps) : conjugationSection)),
      };
      const backend = nativeBackend(engine, keys);
      const budget = nativeBudget(mutant, {}, { total: 2 ** 40, free: 2 ** 40 });
      const inputs = given();
      const held = new Set(inputs);
      try {
        const single = execute(mutant, backend, inputs);
        for (const c of single) held.add(c);
        const steps = fuseProgram(mutant, budget.fusion);
        const plaintexts = new PlaintextStore(engine, mutant, steps, 0);
        const fused = runFused(mutant, steps, { engine, backend, keys, plaintexts }, inputs);
        for (const c of fused) held.add(c);
        const bytes = (c: Handle): Uint8Array => giveCiphertext(engine, parameters, c);
        fused.forEach((c, i) => expect(Buffer.compare(bytes(c), bytes(single[i]))).toBe(0));
      } finally {
        for (const handle of held) engine.release(handle);
      }
    };
    const outcomes = hunt(share(0.3), 34, (dice) => {
      const { program: read, fingerprint } = readModel(
        readContainer(bytesSource(assemble(mutateParts(parts, dice, ['instructions', 'report']))), 'model'),
      );
      run(read, fingerprint);
    });
    only(outcomes, 'valid', 'FHE0601', 'FHE0701', 'FHE0702', 'FHE0704', 'FHE0706', 'FHE0803');
    expect(outcomes.get('valid')).toBeGreaterThan(share(0.3) / 20);
    const damaged = hunt(share(0.1), 35, (dice) => {
      const bytes = mutateBytes(model, dice, dice.pick([64, model.length]));
      const { program: read, fingerprint } = readModel(readContainer(bytesSource(bytes), 'model'));
      run(read, fingerprint);
    });
    only(damaged, 'valid', 'FHE0701', 'FHE0702', 'FHE0703');
    for (const handle of loaded.values()) engine.release(handle);
    expect(engine.objectCount()).toBe(0);
    expect(engine.bytesInUse()).toBe(0);
  });
});
