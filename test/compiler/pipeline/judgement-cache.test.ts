import { expect, it } from 'vitest';
import { compileModel, type CompileResult } from '../../../compiler/compile.ts';
import type { CalibrationStore } from '../../../compiler/pipeline/calibration-cache.ts';
import { randomInputs, residualNetwork } from './small-networks.ts';

const network = residualNetwork();
const calibration = randomInputs([1, 2, 4, 4], 60);

const compile = (calibrationStore?: CalibrationStore, maxAccuracyLoss = 6): Promise<CompileResult> =>
  compileModel(network, {
    ...{ calibration, maxAccuracyLoss, target: 'native', bootstraps: 'cost', insecureForTests: true },
    ...{ ringDegree: 1024, maxDegree: 5, precisionBits: 4 },
    ...(calibrationStore && { calibrationStore }),
  });

/** What does not depend on the time that a compilation takes. */
const essence = ({ report, program }: CompileResult): unknown => ({
  ...{ accuracy: report.accuracy, activations: report.activations, cost: report.cost },
  ...{ alternatives: report.alternatives, instructions: program.instructions.length },
});

it('polynomials judged before come back as they were, under other limits too; damaged ones are judged anew', async () => {
  const files = new Map<string, Uint8Array>();
  let writes = 0;
  const store: CalibrationStore = {
    read: (key) => files.get(key),
    write: (key, bytes) => {
      writes++;
      files.set(key, bytes);
    },
  };
  const plain = essence(await compile());
  expect(essence(await compile(store))).toEqual(plain);
  const written = writes;
  expect(written).toBeGreaterThan(2);
  expect(essence(await compile(store))).toEqual(plain);
  expect(writes).toBe(written);
  await compile(store, 60);
  const most = writes;
  for (const [key, bytes] of files) {
    const damaged = bytes.slice();
    damaged[Math.floor(bytes.length / 2)] ^= 1;
    files.set(key, damaged);
  }
  const [calibrationFile] = files;
  files.delete(calibrationFile[0]);
  expect(essence(await compile(store))).toEqual(plain);
  expect(writes).toBeGreaterThan(most);
});
