import { beforeAll, describe, expect, it } from 'vitest';
import { compileModel, type CompileResult } from '../../../compiler/compile.ts';
import type { CompileOptions } from '../../../compiler/options.ts';
import { isSecure, modulusBits, slotCount, topLevel } from '../../../ir/ckks/parameters.ts';
import { FhecError } from '../../../ir/diagnostics.ts';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import type { Module } from '../../../ir/module.ts';
import { validateProgram } from '../../../ir/program/validate.ts';
import { tensor, type Tensor } from '../../../ir/tensor.ts';
import { clearBackend } from '../../../runtime/clear/backend.ts';
import { packTensor, unpackTensor } from '../../../runtime/client/pack.ts';
import { execute } from '../../../runtime/execute.ts';
import { openSimulator } from '../../../runtime/simulator/simulator.ts';
import { denseNetwork, randomInputs, residualNetwork } from './small-networks.ts';

const calibration = randomInputs([1, 2, 4, 4], 60);
const images = randomInputs([1, 2, 4, 4], 3, 7).images.map((data) => tensor([1, 2, 4, 4], data));
const network = residualNetwork();

/** Small rings compile in a moment; the choice of polynomials is the same. */
const small = { calibration, insecureForTests: true, ringDegree: 1024, maxDegree: 7 } as const;

const compile = (options: Partial<CompileOptions>): Promise<CompileResult> =>
  compileModel(network, { ...small, ...options });

/** The code and the words of a refusal. */
async function refusal(result: Promise<CompileResult>): Promise<string> {
  const error: unknown = await result.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (error === undefined) return 'nothing was refused';
  if (!(error instanceof FhecError)) throw new Error('not a refusal', { cause: error });
  const [{ code, message, notes }] = error.diagnostics;
  return [code, message, ...notes].join('; ');
}

const worst = (a: Tensor, b: Tensor): number => a.data.reduce((m, x, i) => Math.max(m, Math.abs(x - b.data[i])), 0);

describe('a network with groups, strides, a residual branch and a maximum pooling', () => {
  let result: CompileResult;
  let polynomials: Module;

  beforeAll(async () => {
    result = await compileModel(network, {
      calibration,
      maxAccuracyLoss: 2,
      hooks: { onStage: (name, module) => void (name === 'approximate-activations' && (polynomials = module)) },
    });
  }, 60_000);

  it('becomes a valid program with secure parameters of exactly its depth', () => {
    const { program, report } = result;
    validateProgram(program);
    expect(isSecure(program.parameters)).toBe(true);
    expect(report.parameters.modulusBits).toBeCloseTo(modulusBits(program.parameters), 6);
    expect(report.cost.depth).toBe(topLevel(program.parameters));
    expect(Math.max(...program.inputs.map((i) => i.level))).toBe(topLevel(program.parameters));
    expect(program.outputs.every((o) => o.level === 0)).toBe(true);
    expect(report.clientSteps).toEqual([{ kind: 'softmax', node: 'softmax' }]);
  });

  it('computes what the polynomial network means', () => {
    const { program } = result;
    for (const image of images) {
      const vectors = program.inputs.flatMap((s) => packTensor(s, image, slotCount(program.parameters)));
      const [output] = program.outputs;
      const clear = unpackTensor(output, execute(program, clearBackend, vectors));
      const [exact] = evaluateFunc(polynomials.funcs[0], [image]);
      // The weights of a program have 32 bits.
      expect(worst(clear, tensor(clear.shape, exact.data))).toBeLessThan(1e-4);
    }
  });

  it('stays within the predicted noise in the simulator', () => {
    const { run } = openSimulator(result.program, 1);
    images.forEach((image, i) => {
      const simulated = run([image], i);
      if (simulated.kind !== 'outputs') throw new Error(simulated.diagnostic.message);
      const [exact] = evaluateFunc(polynomials.funcs[0], [image]);
      expect(worst(simulated.outputs[0], exact)).toBeLessThan(result.errorBound);
    });
  });

  it('reports each assignment once, the chosen one first', () => {
    const { alternatives, uniform, accuracy } = result.report;
    const names = alternatives.map((a) => a.degrees.join());
    expect(new Set(names).size).toBe(names.length);
    expect(alternatives.map((a) => a.chosen)).toEqual(alternatives.map((_, i) => i === 0));
    expect(alternatives).toContainEqual(uniform);
    expect(new Set(uniform?.degrees).size).toBe(1);
    expect(accuracy.exact).toBeUndefined();
    expect(accuracy.agreement).toBe(alternatives[0].agreement);
    expect(result.report.warnings).toEqual([]);
  });

  it('names every activation and the nodes of the model', () => {
    const { activations, nodes } = result.report;
    expect(new Set(activations.map((a) => a.node))).toEqual(new Set(['first relu', 'second relu', 'pool']));
    expect(nodes.map((n) => n.node)).toEqual(expect.arrayContaining(['grouped', 'sum', 'pool', 'classifier']));
  });
});

describe('limits', () => {
  let careful: CompileResult;
  beforeAll(async () => {
    careful = await compile({ maxAccuracyLoss: 2 });
  }, 60_000);

  it('trades accuracy for time', async () => {
    const careless = await compile({ maxAccuracyLoss: 40 });
    expect(careless.report.cost.seconds).toBeLessThan(careful.report.cost.seconds);
    expect(careless.report.cost.depth).toBeLessThan(careful.report.cost.depth);
    expect(careful.report.accuracy.agreement).toBeGreaterThanOrEqual(0.98 - 1e-9);
    expect(careless.report.accuracy.agreement).toBeGreaterThanOrEqual(0.6 - 1e-9);
  });

  it('loses as little as a time allows', async () => {
    const seconds = careful.report.cost.seconds;
    const same = await compile({ maxLatency: 1.01 * seconds });
    const faster = await compile({ maxLatency: 0.7 * seconds });
    expect(same.report.accuracy.agreement).toBeGreaterThanOrEqual(faster.report.accuracy.agreement);
    expect(same.report.cost.seconds).toBeLessThanOrEqual(1.01 * seconds);
    expect(faster.report.cost.seconds).toBeLessThanOrEqual(0.7 * seconds);
  });

  it('refuses limits that nothing keeps to, and says what is reached', async () => {
    expect(await refusal(compile({ maxLatency: 1e-6 }))).toMatch(/^FHE0403; .*least time reached is .* s; asked for/);
    const steep = compileModel(denseNetwork(3, 'Tanh'), {
      ...small,
      calibration: scaled(randomInputs([1, 8], 60), 4),
      maxDegree: 1,
      maxAccuracyLoss: 0,
    });
    expect(await refusal(steep)).toMatch(/^FHE0403; .*least loss reached is .* points; asked for at most 0 points/);
  });
});

const scaled = (inputs: CompileOptions['calibration'], by: number): CompileOptions['calibration'] => ({
  ...inputs,
  images: inputs.images.map((image) => image.map((x) => by * x)),
});

describe('degrees', () => {
  it('are all the same when asked for', async () => {
    const { report } = await compile({ degrees: 'uniform', maxAccuracyLoss: 5 });
    expect(new Set(report.activations.map((a) => `${a.form} ${a.degree}`)).size).toBe(1);
    expect(report.uniform?.chosen).toBe(true);
    expect(report.alternatives).toHaveLength(1);
  });

  it('are the given one, with a warning where it loses too much', async () => {
    const { report } = await compile({ degrees: 1, maxAccuracyLoss: 0.1 });
    expect(report.activations.map((a) => a.degree)).toEqual(report.activations.map(() => 1));
    expect(report.warnings).toEqual([expect.stringMatching(/loses .* points, more than the limit of 0.1/)]);
    expect(await refusal(compile({ degrees: 9 }))).toMatch(/^FHE0403; degree 9/);
  });

  it('are one a tensor when asked for', async () => {
    const { report } = await compile({ perChannel: false, maxAccuracyLoss: 20 });
    expect(report.activations.every((a) => a.channels > 1)).toBe(true);
    expect(report.alternatives.every((a) => a.degrees.every((d) => !d.includes('per channel')))).toBe(true);
  });
});

describe('parameters', () => {
  it('below 128-bit security are refused unless asked for by name', async () => {
    const { program } = await compile({ maxAccuracyLoss: 20 });
    expect(program.parameters.ringDegree).toBe(1024);
    expect(program.parameters.secure).toBe(false);
    expect(await refusal(compile({ insecureForTests: false }))).toMatch(/^FHE0602; .*N = 1024/);
  });

  it('that no ring offers are refused with the levels that are needed', async () => {
    const options = { calibration: randomInputs([1, 8], 20), maxDegree: 3 };
    const deep = await refusal(compileModel(denseNetwork(44, 'Tanh'), options));
    expect(deep).toMatch(/^FHE0602; the network needs at least 89 levels .*N = 65536 holds 84.*bootstrapping/);
    const fixed = await refusal(compile({ ringDegree: 8192, insecureForTests: false }));
    expect(fixed).toMatch(/^FHE0602; .*N = 8192 holds 8.*least loss is .* points/);
  });
});

describe('labels', () => {
  it('make the report tell accuracy, and otherwise agreement alone', async () => {
    const labels = Int32Array.from(calibration.images, (_, i) => i % 3);
    const { report } = await compile({ calibration: { ...calibration, labels }, maxAccuracyLoss: 20 });
    expect(report.calibration).toEqual({ images: 60, labelled: true });
    expect(report.accuracy.exact).toBeGreaterThan(0);
    expect(report.accuracy.polynomial).toBeGreaterThan(0);
    expect(report.accuracy.interval[0]).toBeLessThan(report.accuracy.polynomial ?? 0);
  });
});
