import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { writeModel } from '../../../ir/program/model-file.ts';
import type { Program } from '../../../ir/program/program.ts';
import { tensor, type Tensor } from '../../../ir/tensor.ts';
import { clearBackend } from '../../../runtime/clear/backend.ts';
import { execute } from '../../../runtime/execute.ts';
import { writeFileParts } from '../../../runtime/files/files.ts';
import { makeSimulators } from '../../../ir/ckks/simulator/simulator.ts';
import { simulate } from '../../../runtime/simulator/simulate.ts';
import { openSimulator } from '../../../runtime/simulator/simulator.ts';
import { Assembler, sampleProgram, testParameters } from '../assembler.ts';
import { complexPrograms, programs } from '../random-programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'fhec-simulate-'));
const modelPath = join(folder, 'model.fhec');
afterAll(() => rmSync(folder, { recursive: true }));

const parameters = testParameters(1024, 2);
const program = sampleProgram(parameters);
const image = (k: number, size = 1): Tensor[] =>
  [0, 1].map((j) =>
    tensor(
      [1, 512],
      Float64Array.from({ length: 512 }, (_, i) => size * Math.sin(i + j + k)),
    ),
  );

/** x^2 at the lowest level: values above 2^9 do not fit. */
function squares(): Program {
  const a = new Assembler(parameters);
  const x = a.input('x', 1);
  return a.finish([a.times(x, x)]);
}

describe('simulate', () => {
  test('gives the same results on one and two threads, in the order of the images', async () => {
    writeFileParts(modelPath, writeModel(program, 1, undefined));
    const images = Array.from({ length: 50 }, (_, k) => image(k));
    const seen: number[] = [];
    const one = await simulate(modelPath, images, { seed: 7, threads: 1 });
    const two = await simulate(modelPath, images, { seed: 7, threads: 2, onProgress: (done) => seen.push(done) });
    expect(two).toEqual(one);
    expect(seen.at(-1)).toBe(50);
    const alone = openSimulator(program, 7);
    expect(one).toEqual(images.map((inputs, k) => alone.run(inputs, k)));
    expect(await simulate(modelPath, images.slice(0, 1), { seed: 8, threads: 1 })).not.toEqual(one.slice(0, 1));
  });

  test('stops on request, and tells of a file that is no model', async () => {
    const stop = new AbortController();
    const endless = function* (): Generator<Tensor[]> {
      for (let k = 0; ; k++) yield image(k);
    };
    const run = simulate(modelPath, endless(), { threads: 2, signal: stop.signal, onProgress: () => stop.abort() });
    await expect(run).rejects.toMatchObject({ diagnostics: [{ code: 'FHE0802' }] });
    await expect(simulate(join(folder, 'none'), [image(0)])).rejects.toMatchObject({
      diagnostics: [{ code: 'FHE0902' }],
    });
  });

  test('a value that does not fit is told by image, and the next image runs', () => {
    const simulator = openSimulator(squares(), 1);
    expect(simulator.run(image(0, 100).slice(0, 1), 0)).toMatchObject({
      kind: 'out-of-range',
      diagnostic: { code: 'FHE0803', message: expect.stringContaining("node 'first'") as string },
    });
    expect(simulator.run([tensor([1, 512], new Float64Array(512).fill(2 ** 12))], 1)).toMatchObject({
      kind: 'out-of-range',
    });
    const fine = simulator.run(image(0, 4).slice(0, 1), 2);
    expect(fine.kind).toBe('outputs');
  });

  test('runs of a batch have the results that each has alone, also beside one that fails', () => {
    const simulator = openSimulator(squares(), 1);
    const batch = [image(0, 4), image(1, 100), image(2, 4)].map((inputs) => inputs.slice(0, 1));
    const together = simulator.runBatch(batch, 5);
    expect(together.map((r) => r.kind)).toEqual(['outputs', 'out-of-range', 'outputs']);
    expect(together).toEqual(batch.map((inputs, i) => simulator.run(inputs, 5 + i)));
  });

  test('without noise programs give what they mean', () => {
    fc.assert(
      fc.property(fc.oneof(programs(parameters), complexPrograms(parameters)), (random) => {
        const vectors = random.inputs.map((_, k) => Float64Array.from({ length: 512 }, (__, i) => Math.sin(i + k)));
        const exact = makeSimulators(parameters, 1, { noise: false }).open(0);
        const ciphers = random.inputs.map((s, k) => exact.encrypt(vectors[k], s.level, s.scale));
        const found = execute(random, exact, ciphers).map((c) => exact.decrypt(c).values);
        execute(random, clearBackend, vectors).forEach((want, r) =>
          want.forEach((y, i) => expect(found[r][i]).toBeCloseTo(y, 9)),
        );
      }),
      { numRuns: 50 },
    );
  });

  test('compares so many images with the same without noise', async () => {
    writeFileParts(modelPath, writeModel(program, 1, undefined));
    const images = Array.from({ length: 12 }, (_, k) => image(k));
    const results = await simulate(modelPath, images, { threads: 2, withExact: 10 });
    const exact = openSimulator(program, 0, { noise: false });
    results.forEach(({ exact: outputs }, k) => {
      const alone = exact.run(images[k], k);
      if (k < 10) expect(alone).toEqual({ kind: 'outputs', outputs });
      else expect(outputs).toBeUndefined();
    });
  });

  test('one slot out of range suffices where a vector is encoded', () => {
    const backend = makeSimulators(parameters, 1).open(0);
    const vector = new Float64Array(512);
    vector[511] = 2 ** 10;
    expect(() => backend.encrypt(vector, 0, parameters.scales[0])).toThrow('FHE0803');
    expect(() => backend.encode(vector, 0, parameters.scales[0])).toThrow('FHE0803');
    vector[511] = NaN;
    expect(() => backend.encrypt(vector, 2, parameters.scales[2])).toThrow('FHE0803');
  });

  test('large slots are kept while the coefficients fit', () => {
    const backend = makeSimulators(parameters, 1).open(0);
    const one = new Float64Array(512);
    one[511] = 2 ** 8;
    const x = backend.encrypt(one, 0, 2 ** 30);
    const sum = [0, 1, 2, 3].reduce((total) => backend.add(total, total), x);
    expect(backend.decrypt(sum).values[511]).toBeCloseTo(2 ** 12, 2);
    const all = backend.encrypt(new Float64Array(512).fill(2 ** 8), 0, 2 ** 30);
    expect(() => [0, 1, 2, 3].reduce((total) => backend.add(total, total), all)).toThrow('FHE0803');
  });

  test('operands of different levels or scales are refused', () => {
    const backend = makeSimulators(parameters, 1).open(0);
    const [low, high] = [0, 1].map((level) => backend.encrypt(new Float64Array(512), level, 2 ** 30));
    const other = backend.encrypt(new Float64Array(512), 1, 2 ** 29);
    expect(() => backend.add(low, high)).toThrow('FHE0503');
    expect(() => backend.mul(low, high)).toThrow('FHE0503');
    expect(() => backend.sub(high, other)).toThrow('FHE0504');
    expect(() => backend.rescale(low)).toThrow('FHE0503');
    expect(() => backend.modSwitch(low, 0)).toThrow('FHE0503');
  });
});
