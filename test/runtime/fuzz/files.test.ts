import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { slotCount } from '../../../ir/ckks/parameters.ts';
import { bytesSource, readContainer, sha256Hex } from '../../../ir/program/container.ts';
import { readModel, readSpecification, writeModel, writeSpecification } from '../../../ir/program/model-file.ts';
import { specificationFingerprint, specificationOf, type Specification } from '../../../ir/program/schema.ts';
import { elementCount, tensor } from '../../../ir/tensor.ts';
import { applyClientSteps } from '../../../runtime/client/finish.ts';
import { checkSecretKey, generateKeys, readSecretKey } from '../../../runtime/client/keys.ts';
import { packTensor, unpackTensor } from '../../../runtime/client/pack.ts';
import { openClient } from '../../../runtime/client/session.ts';
import { openClear } from '../../../runtime/clear/session.ts';
import {
  loadCiphertext,
  readCiphertexts,
  writeCiphertexts,
  type CiphertextLabel,
} from '../../../runtime/files/ciphertexts.ts';
import {
  loadGaloisKey,
  loadRelinearizationKey,
  loadSecretSwitchKey,
  openEvaluationKeys,
  relinearizationSection,
  secretSwitchSection,
  neededKeys,
  type EvaluationKeyFile,
} from '../../../runtime/files/evaluation-keys.ts';
import { openSeal, type Seal } from '../../../runtime/seal/library.ts';
import { openBase } from '../../../runtime/seal/switch-secret.ts';
import { partition } from '../../../runtime/server/partition.ts';
import { everyKeyProgram, sampleProgram, testParameters } from '../assembler.ts';
import { hunt, only, seed, share, takeApart } from './hunt.ts';
import { assemble, mutateBytes, mutateJson, mutateParts, type Dice } from './mutate.ts';

const folder = mkdtempSync(join(tmpdir(), 'fhec-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

const program = everyKeyProgram(testParameters(1024, 2));
const specification = specificationOf(program, 2 ** -10);
const model = Buffer.concat(writeModel(program, 2 ** -10, { note: 'sample' }));
const fingerprint = specificationFingerprint(specification);
const input = tensor([1, 512], new Float64Array(512).fill(0.5));

let seal: Seal;
let base: Seal;
let secretFile: Uint8Array;
let keysFile: Uint8Array;
let ciphertextFile: Uint8Array;
let label: CiphertextLabel;

beforeAll(async () => {
  const report = await generateKeys(specification, join(folder, 'keys'));
  secretFile = readFileSync(report.secretKeyPath);
  keysFile = readFileSync(report.evaluationKeyPath);
  const client = await openClient(specification, readSecretKey(report.secretKeyPath, specification));
  label = client.label('input');
  ciphertextFile = Buffer.concat(writeCiphertexts(label, program.inputs, client.encrypt([input, input])));
  client.close();
  seal = await openSeal(specification.parameters);
  base = openBase(seal);
});

/** What raw damage may give: nothing read is ever different from what was written. */
const damage = ['valid', 'FHE0701', 'FHE0702', 'FHE0703'];

/** Uses a specification as a client does. */
function useSpecification({ inputs, outputs, clientSteps, parameters }: Specification): void {
  const slots = slotCount(parameters);
  for (const s of inputs) packTensor(s, tensor(s.shape, new Float64Array(elementCount(s.shape)).fill(0.5)), slots);
  for (const s of outputs) {
    const output = unpackTensor(
      s,
      s.registers.map(() => new Float64Array(slots)),
    );
    applyClientSteps(clientSteps, output);
  }
}

describe(`mutated files (seed ${seed})`, () => {
  test('models: raw damage is found', () => {
    const original = readModel(readContainer(bytesSource(model), 'model'));
    const outcomes = hunt(share(0.2), 1, (dice) => {
      const read = readModel(
        readContainer(bytesSource(mutateBytes(model, dice, dice.pick([64, model.length]))), 'model'),
      );
      expect(read.contentFingerprint).toBe(original.contentFingerprint);
      expect(read.program).toEqual(original.program);
    });
    only(outcomes, ...damage);
    expect(outcomes.get('valid') ?? 0).toBeLessThan(share(0.2) / 4);
  });

  test('models: wrong content under right hashes is refused, or is a program that runs', () => {
    const parts = takeApart(model, 'model');
    const outcomes = hunt(share(0.3), 2, (dice) => {
      const bytes = assemble(mutateParts(parts, dice, ['instructions', 'report']));
      const { program: read, specification: described } = readModel(readContainer(bytesSource(bytes), 'model'));
      partition(read, 2, 0.005);
      useSpecification(described);
      openClear(read).run(read.inputs.map((s) => tensor(s.shape, new Float64Array(elementCount(s.shape)).fill(0.5))));
    });
    only(outcomes, 'valid', 'FHE0701', 'FHE0702', 'FHE0601');
    expect(outcomes.get('FHE0702')).toBeGreaterThan(share(0.3) / 4);
  });

  test('client specifications', () => {
    const text = writeSpecification(specification);
    const original = JSON.parse(text) as { specification: unknown };
    const outcomes = hunt(share(0.2), 3, (dice) => {
      if (dice.chance(0.3)) {
        const damaged = new TextDecoder().decode(mutateBytes(new TextEncoder().encode(text), dice));
        expect(readSpecification(damaged).fingerprint).toBe(fingerprint);
        return;
      }
      const mutated = dice.chance(0.2)
        ? mutateJson(original, dice)
        : { ...original, specification: mutateJson(original.specification, dice) };
      const named =
        typeof mutated === 'object' && mutated !== null && 'specification' in mutated
          ? { ...mutated, fingerprint: sha256Hex(new TextEncoder().encode(JSON.stringify(mutated.specification))) }
          : mutated;
      useSpecification(readSpecification(JSON.stringify(named)).specification);
    });
    only(outcomes, 'valid', 'FHE0701', 'FHE0702', 'FHE0601', 'FHE0903');
  });

  const loadKey = (name: string, file: EvaluationKeyFile) => {
    const switched = (['sparse', 'dense'] as const).find((to) => name === secretSwitchSection(to));
    if (switched) return loadSecretSwitchKey(seal, base, file, switched);
    return name === relinearizationSection ? loadRelinearizationKey(seal, file) : loadGaloisKey(seal, file, name);
  };
  const readKeys = (bytes: Uint8Array, dice: Dice, changed?: string): void => {
    const file = openEvaluationKeys(bytesSource(bytes), fingerprint);
    const name = changed ?? dice.pick(neededKeys(program.keys, program.parameters)).section;
    loadKey(name, file).delete();
  };

  test('evaluation keys', () => {
    const parts = takeApart(keysFile, 'evaluation-keys');
    only(
      hunt(share(0.05), 4, (dice) => readKeys(mutateBytes(keysFile, dice, dice.pick([2000, keysFile.length])), dice)),
      ...damage,
      'FHE0706',
    );
    const outcomes = hunt(share(0.1), 5, (dice) => {
      const mutated = mutateParts(parts, dice, [], dice.pick([300, 300, undefined]));
      const at = mutated.sections.findIndex((s, i) => s !== parts.sections[i]);
      const changed = parts.sections[at]?.name;
      readKeys(assemble(mutated), dice, changed);
    });
    only(outcomes, 'valid', 'FHE0701', 'FHE0702', 'FHE0704', 'FHE0705', 'FHE0706');
    expect(outcomes.get('FHE0702')).toBeGreaterThan(share(0.1) / 4);
  });

  test('secret keys', () => {
    const parts = takeApart(secretFile, 'secret-key');
    const path = join(folder, 'mutant.key');
    writeFileSync(path, '', { mode: 0o600 });
    const outcomes = hunt(share(0.1), 6, (dice) => {
      const raw = dice.chance(0.4);
      writeFileSync(
        path,
        raw
          ? mutateBytes(secretFile, dice, dice.pick([500, undefined]))
          : assemble(mutateParts(parts, dice, [], dice.pick([100, undefined]))),
      );
      const secret = seal.library.SecretKey();
      secret.loadArray(seal.context, checkSecretKey(seal, readSecretKey(path, specification)));
      secret.delete();
    });
    only(outcomes, ...damage, 'FHE0704');
  });

  test('ciphertexts', () => {
    const parts = takeApart(ciphertextFile, 'ciphertexts');
    const outcomes = hunt(share(0.15), 7, (dice) => {
      const bytes = dice.chance(0.3)
        ? mutateBytes(ciphertextFile, dice, dice.pick([1000, undefined]))
        : assemble(mutateParts(parts, dice, [], dice.pick([150, undefined])));
      readCiphertexts(bytesSource(bytes), label, program.inputs).forEach((b, i) =>
        loadCiphertext(seal, b, program.inputs[i]).delete(),
      );
    });
    only(outcomes, ...damage, 'FHE0704', 'FHE0705');
  });

  test('files of another kind, model or key are told apart', () => {
    const other: CiphertextLabel = { ...label, key: '0'.repeat(64) };
    expect(() => readCiphertexts(bytesSource(ciphertextFile), other, program.inputs)).toThrow('FHE0704');
    expect(() => readCiphertexts(bytesSource(ciphertextFile), { ...label, role: 'output' }, program.outputs)).toThrow(
      'FHE0704',
    );
    expect(() =>
      readCiphertexts(bytesSource(ciphertextFile), { ...label, specification: '1' }, program.inputs),
    ).toThrow('FHE0704');
    expect(() => openEvaluationKeys(bytesSource(keysFile), '1'.repeat(64))).toThrow('FHE0704');
    expect(() => openEvaluationKeys(bytesSource(secretFile), fingerprint)).toThrow('FHE0705');
    expect(() => readCiphertexts(bytesSource(secretFile), label, program.inputs)).toThrow('FHE0705');
    expect(() => openEvaluationKeys(bytesSource(model), fingerprint)).toThrow('FHE0701');
    expect(() => readContainer(bytesSource(keysFile), 'model')).toThrow('FHE0701');
    const deeper = specificationOf(sampleProgram(testParameters(1024, 3)), 1);
    expect(() => readSecretKey(join(folder, 'keys', 'secret.key'), deeper)).toThrow('FHE0704');
  });
});
