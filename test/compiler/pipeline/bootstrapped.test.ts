import { beforeAll, describe, expect, it } from 'vitest';
import { compileModel, type CompileResult } from '../../../compiler/compile.ts';
import type { CompileOptions } from '../../../compiler/options.ts';
import { tensor } from '../../../ir/tensor.ts';
import { validateProgram } from '../../../ir/program/validate.ts';
import { clearBackend } from '../../../runtime/clear/backend.ts';
import { packTensor, unpackTensor } from '../../../runtime/client/pack.ts';
import { execute } from '../../../runtime/execute.ts';
import { openSimulator } from '../../../runtime/simulator/simulator.ts';
import { denseNetwork, randomInputs, residualNetwork } from './small-networks.ts';

const calibration = randomInputs([1, 2, 4, 4], 60);
const network = residualNetwork();

/** `bootstraps` asks for them although the network is not deep. */
const compile = (options: Partial<CompileOptions>): Promise<CompileResult> =>
  compileModel(network, {
    calibration,
    target: 'native',
    bootstraps: 'cost',
    insecureForTests: true,
    ringDegree: 1024,
    maxDegree: 7,
    maxAccuracyLoss: 3,
    precisionBits: 6,
    ...options,
  });

describe('a network for the native engine with bootstraps', () => {
  let result: CompileResult;
  beforeAll(async () => {
    result = await compile({ degrees: 7 });
  });

  it('becomes a valid program whose bootstraps are those of the plan', () => {
    const { program, report } = result;
    validateProgram(program);
    const raises = program.instructions.filter((i) => i.op === 'mod_raise').length;
    const places = report.bootstraps?.places ?? [];
    expect(raises).toBeGreaterThan(0);
    expect(places.reduce((n, p) => n + p.vectors, 0)).toBe(raises);
    for (const { levelFrom, levelTo, why, node } of places) {
      expect(levelFrom).toBe(report.bootstraps?.levels.input);
      expect(levelTo).toBe(report.bootstraps?.levels.output);
      expect(why).toMatch(/without it/);
      expect(report.nodes.map((n) => n.node)).toContain(node);
    }
    expect(program.parameters.specialPrimes.length).toBe(2);
    expect(program.keys.sparseWeight).toBe(32);
  });

  it('compares the rules of placement: none is faster than the one by cost', () => {
    const rules = new Map(result.report.bootstraps?.rules.map((r) => [r.rule, r.seconds]));
    expect([...rules.keys()]).toContain('cost');
    for (const seconds of rules.values()) expect(seconds).toBeGreaterThanOrEqual(rules.get('cost') ?? Infinity);
  });

  it('means the same to the simulator as in exact numbers, within the stated error', () => {
    const { program, errorBound } = result;
    const { run } = openSimulator(program, 1);
    for (const [i, data] of randomInputs([1, 2, 4, 4], 3, 7).images.entries()) {
      const image = tensor([1, 2, 4, 4], data);
      const vectors = program.inputs.flatMap((s) => packTensor(s, image, 512));
      const clear = unpackTensor(program.outputs[0], execute(program, clearBackend, vectors));
      const simulated = run([image], i);
      if (simulated.kind !== 'outputs') throw new Error(simulated.diagnostic.message);
      simulated.outputs[0].data.forEach((x, k) => expect(Math.abs(x - clear.data[k])).toBeLessThan(errorBound));
    }
  });

  it('bootstraps before every activation when told to', async () => {
    const { report } = await compile({ degrees: 7, bootstraps: 'each-activation' });
    expect(report.bootstraps?.rule).toBe('each-activation');
    expect(report.bootstraps?.places.length).toBeGreaterThan(result.report.bootstraps?.places.length ?? Infinity);
  });

  it('chooses degrees by a time that includes bootstraps, no slower than the best uniform degree', async () => {
    const { report } = await compile({ maxAccuracyLoss: 6 });
    expect(report.cost.seconds).toBeLessThanOrEqual((report.uniform?.seconds ?? 0) * 1.1);
    expect(report.alternatives.filter((a) => a.chosen)).toHaveLength(1);
  });
});

it('a shallow network needs none', async () => {
  const { report, program } = await compileModel(network, {
    calibration,
    target: 'native',
    maxAccuracyLoss: 2,
    degrees: 5,
  });
  expect(report.bootstraps).toBeUndefined();
  expect(program.instructions.some((i) => i.op === 'mod_raise')).toBe(false);
});

describe('a network without activations', () => {
  const linear = denseNetwork(0, 'Relu');
  const options = { target: 'native', insecureForTests: true, ringDegree: 1024, precisionBits: 6 } as const;

  it.each([
    { degrees: 5 },
    { degrees: 'uniform' },
    { degrees: 'layerwise', bootstraps: 'cost' },
    { degrees: 3, bootstraps: 'each-activation' },
  ] as const)('takes $degrees, $bootstraps', async (wish) => {
    const { report } = await compileModel(linear, { calibration: randomInputs([1, 8], 20), ...options, ...wish });
    expect(report.activations).toEqual([]);
    expect(report.accuracy.agreement).toBe(1);
    expect(report.bootstraps?.places ?? []).toEqual([]);
  });
});
