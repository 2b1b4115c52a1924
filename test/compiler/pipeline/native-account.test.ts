import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compileModel } from '../../../compiler/compile.ts';
import type { CompileOptions } from '../../../compiler/options.ts';
import { specificationFingerprint, specificationOf } from '../../../ir/program/schema.ts';
import type { Program } from '../../../ir/program/program.ts';
import { generateKeys } from '../../../runtime/client/keys.ts';
import { openEvaluationKeys } from '../../../runtime/files/evaluation-keys.ts';
import { withFile } from '../../../runtime/files/files.ts';
import { loadKey } from '../../../runtime/native/keys.ts';
import { nativeKeyBytes } from '../../../runtime/server/native-memory.ts';
import { hasEngine, openEngine } from '../../runtime/native/engines.ts';
import { denseNetwork, randomInputs, residualNetwork } from './small-networks.ts';

const folder = mkdtempSync(join(tmpdir(), 'fhec-account-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the keys of a program, made for it, take in an engine that loads them. */
async function loadedBytes(program: Program, name: string): Promise<number> {
  const specification = specificationOf(program, 1);
  const { evaluationKeyPath } = await generateKeys(specification, join(folder, name));
  const { ringDegree, primes, specialPrimes } = program.parameters;
  const engine = openEngine(ringDegree, primes, specialPrimes);
  try {
    return withFile(evaluationKeyPath, (source) => {
      const file = openEvaluationKeys(source, specificationFingerprint(specification));
      const before = engine.bytesInUse();
      for (const section of file.container.sectionNames) loadKey(engine, program, file, section);
      return engine.bytesInUse() - before;
    });
  } finally {
    engine.close();
  }
}

describe.each<readonly [string, Uint8Array, CompileOptions]>([
  [
    'bootstraps',
    residualNetwork(),
    {
      calibration: randomInputs([1, 2, 4, 4], 60),
      ...{ target: 'native', bootstraps: 'cost', insecureForTests: true, ringDegree: 1024 },
      ...{ degrees: 7, maxAccuracyLoss: 3, precisionBits: 6 },
    },
  ],
  [
    'fits a modulus chain',
    denseNetwork(1, 'Relu'),
    { calibration: randomInputs([1, 8], 60), target: 'native', insecureForTests: true, ringDegree: 1024, degrees: 3 },
  ],
])('the account of a network on the native engine that %s', (name, network, options) => {
  it('tells the bytes of the keys that its server plans for, and that the engine takes', async () => {
    const { program, report } = await compileModel(network, options);
    expect(program.instructions.some((i) => i.op === 'mod_raise')).toBe(name === 'bootstraps');
    const planned = [...nativeKeyBytes(program).values()].reduce((sum, bytes) => sum + bytes, 0);
    expect(report.cost.keyBytes).toBe(planned);
    expect(report.cost.peakBytes).toBeGreaterThan(planned);
    if (hasEngine) expect(await loadedBytes(program, name)).toBe(planned);
  });
});
