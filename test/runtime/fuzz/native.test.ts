import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Parameters } from '../../../ir/ckks/parameters.ts';
import { bytesSource } from '../../../ir/program/container.ts';
import { specificationFingerprint, specificationOf } from '../../../ir/program/schema.ts';
import { tensor } from '../../../ir/tensor.ts';
import { primeBelow } from '../../../passes/schedule/primes.ts';
import { generateKeys, readSecretKey } from '../../../runtime/client/keys.ts';
import { openClient } from '../../../runtime/client/session.ts';
import { readCiphertexts, writeCiphertexts, type CiphertextLabel } from '../../../runtime/files/ciphertexts.ts';
import { neededKeys, openEvaluationKeys } from '../../../runtime/files/evaluation-keys.ts';
import { loadKey } from '../../../runtime/native/keys.ts';
import { guardNative, openNative, type Handle, type NativeEngine } from '../../../runtime/native/library.ts';
import { giveCiphertext, takeCiphertext } from '../../../runtime/native/transfer.ts';
import { everyKeyProgram, testParameters } from '../assembler.ts';
import { hasEngine, openEngine, whyNoEngine } from '../native/engines.ts';
import { hunt, only, seed, share, takeApart } from './hunt.ts';
import { assemble, mutateBytes, mutateParts } from './mutate.ts';
import { callAny } from './random-calls.ts';

const folder = mkdtempSync(join(tmpdir(), 'fhec-fuzz-native-'));
afterAll(() => rmSync(folder, { recursive: true }));

function primesBelow(limit: bigint, ringDegree: number, count: number): bigint[] {
  const taken = new Set<bigint>();
  while (taken.size < count) taken.add(primeBelow(limit, BigInt(2 * ringDegree), taken) ?? 0n);
  return [...taken];
}

/** Two special primes: the keys are the engine's. */
const parameters = ((): Parameters => {
  const made = testParameters(1024, 2);
  const [special] = made.specialPrimes;
  const second = primeBelow(special - 1n, 2048n, new Set(made.primes));
  return { ...made, specialPrimes: [special, second ?? special] };
})();
const program = everyKeyProgram(parameters);
const specification = specificationOf(program, 2 ** -10);
const fingerprint = specificationFingerprint(specification);
const input = tensor([1, 512], new Float64Array(512).fill(0.5));

describe.skipIf(!hasEngine)(whyNoEngine || `mutants at the native engine (seed ${seed})`, () => {
  let engine: NativeEngine;
  let keysFile: Uint8Array;
  let ciphertextFile: Uint8Array;
  let label: CiphertextLabel;

  beforeAll(async () => {
    engine = openNative(parameters, { threads: 2 });
    const report = await generateKeys(specification, join(folder, 'keys'));
    keysFile = readFileSync(report.evaluationKeyPath);
    const client = await openClient(specification, readSecretKey(report.secretKeyPath, specification));
    label = client.label('input');
    ciphertextFile = Buffer.concat(writeCiphertexts(label, program.inputs, client.encrypt([input, input])));
    client.close();
  });
  afterAll(() => engine?.close());

  test('seeded keys are refused, or are keys that work on any ciphertext of their level', () => {
    const primes = primesBelow(2n ** 20n, 64, 4);
    const small = openEngine(64, primes, primesBelow(2n ** 30n, 64, 2), { threads: 2 });
    const maker = small.keyMaker(new Int8Array(64).fill(1));
    const keys = [
      maker.galois(3, 3),
      maker.galois(127, 0),
      maker.relinearization(2),
      ...Object.values(maker.sparsePair(8, 3)),
    ];
    const ciphertext = (parts: number, level: number): Handle =>
      small.importCiphertext(new Uint8Array(8 * 64 * parts * (level + 1)), parts, level, 1);
    const outcomes = hunt(share(0.5), 21, (dice) => {
      const mutated = mutateBytes(dice.pick(keys), dice, dice.pick([88, 88, 400]));
      const held: Handle[] = [];
      try {
        guardNative('mutant', () => {
          const key = small.importSeededKey(mutated);
          held.push(key);
          const { level, element } = small.describeKey(key);
          const at = dice.below(level + 1);
          const two = ciphertext(2, at);
          const three = ciphertext(3, at);
          held.push(two, three);
          if (element !== 1) held.push(small.rotate(two, key));
          else held.push(small.switchSecret(two, key), small.relinearize(three, key));
        });
      } finally {
        for (const handle of held) small.release(handle);
      }
    });
    expect(small.objectCount()).toBe(0);
    expect(small.bytesInUse()).toBe(0);
    small.close();
    only(outcomes, 'valid', 'FHE0702');
    expect(outcomes.get('FHE0702')).toBeGreaterThan(share(0.5) / 4);
  });

  const loadFrom = (bytes: Uint8Array, section: string): void => {
    const file = openEvaluationKeys(bytesSource(bytes), fingerprint);
    engine.release(loadKey(engine, program, file, section));
  };
  const sections = neededKeys(program.keys, parameters).map(({ section }) => section);

  test('key files', () => {
    const parts = takeApart(keysFile, 'evaluation-keys');
    only(
      hunt(share(0.05), 22, (dice) =>
        loadFrom(mutateBytes(keysFile, dice, dice.pick([3000, keysFile.length])), dice.pick(sections)),
      ),
      'valid',
      'FHE0701',
      'FHE0702',
      'FHE0703',
      'FHE0706',
    );
    const outcomes = hunt(share(0.15), 23, (dice) => {
      const mutated = mutateParts(parts, dice, [], dice.pick([88, 300, undefined]));
      const at = mutated.sections.findIndex((s, i) => s !== parts.sections[i]);
      loadFrom(assemble(mutated), parts.sections[at]?.name ?? dice.pick(sections));
    });
    only(outcomes, 'valid', 'FHE0701', 'FHE0702', 'FHE0704', 'FHE0705', 'FHE0706');
    expect(outcomes.get('FHE0702')).toBeGreaterThan(share(0.15) / 8);
    expect(engine.objectCount()).toBe(0);
  });

  test('a key in the place of another is told apart', () => {
    const parts = takeApart(keysFile, 'evaluation-keys');
    for (const [i, { name }] of parts.sections.entries()) {
      for (const [j, { bytes }] of parts.sections.entries()) {
        const file = assemble({ ...parts, sections: parts.sections.with(i, { name, bytes }) });
        // The relinearization key and the one back to the dense secret differ in nothing that can be seen but their levels.
        const alike =
          ['relinearization', 'secret/dense'].includes(name) && bytes.length === parts.sections[i].bytes.length;
        if (i === j) loadFrom(file, name);
        else if (!alike)
          expect(() => loadFrom(file, name), `${name} from ${parts.sections[j].name}`).toThrow('FHE0702');
      }
    }
  });

  test('ciphertexts', () => {
    const parts = takeApart(ciphertextFile, 'ciphertexts');
    const take = (bytes: Uint8Array): void =>
      readCiphertexts(bytesSource(bytes), label, program.inputs).forEach((b, i) => {
        const cipher = takeCiphertext(engine, parameters, b, program.inputs[i]);
        giveCiphertext(engine, parameters, cipher);
        engine.release(cipher);
      });
    const outcomes = hunt(share(0.15), 24, (dice) => {
      const near = dice.pick([150, undefined]);
      take(dice.chance(0.3) ? mutateBytes(ciphertextFile, dice, near) : assemble(mutateParts(parts, dice, [], near)));
    });
    only(outcomes, 'valid', 'FHE0701', 'FHE0702', 'FHE0703', 'FHE0704', 'FHE0705');
    expect(outcomes.get('FHE0702')).toBeGreaterThan(share(0.15) / 8);
  });

  test('calls with any numbers and any objects', () => {
    const tiny = openEngine(16, [97n, 193n, 257n], [353n, 449n]);
    const maker = tiny.keyMaker(new Int8Array(16).fill(-1));
    const held: Handle[] = [tiny.importCiphertext(new Uint8Array(8 * 16 * 2), 2, 0, 1)];
    const outcomes = hunt(share(0.15), 25, (dice) =>
      guardNative('call', () => void held.push(...callAny(tiny, maker, held, dice))),
    );
    only(outcomes, 'valid', 'FHE0702', 'FHE0801', 'FHE0803');
    expect(outcomes.get('valid')).toBeGreaterThan(share(0.15) / 10);
    expect(outcomes.get('FHE0801')).toBeGreaterThan(share(0.15) / 10);
    tiny.close();
  });
});
