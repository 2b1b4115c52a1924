import { expect } from 'vitest';
import { compileModel, type CompileResult } from '../../compiler/compile.ts';
import type { CompileOptions } from '../../compiler/options.ts';
import { evaluateFunc } from '../../ir/evaluate.ts';
import type { Module } from '../../ir/module.ts';
import { tensor, type Tensor } from '../../ir/tensor.ts';
import { randomInputs } from '../compiler/pipeline/small-networks.ts';
import { predict, runEncrypted } from '../support/encrypted-run.ts';
import { Draw } from './graph.ts';
import { randomNetwork, type RandomNetwork } from './network.ts';

/** Polynomials leave their range on few other images. */
const calibrationImages = 200;
const encryptedImages = 2;

/** Logits of one image. */
type Logits = Float64Array;

/** Random options: the roads that networks can take. */
function randomOptions(seed: number, bootstraps: boolean): Partial<CompileOptions> {
  const draw = new Draw(-seed);
  return {
    ringDegree: draw.pick([1024, 2048]),
    degrees: draw.pick([2, 3, 5, 7]),
    perChannel: draw.chance(0.7),
    ...(bootstraps && { bootstraps: draw.pick(['cost', 'greedy', 'each-activation'] as const) }),
  };
}

const logitsOf = (module: Module | undefined, image: Tensor): Logits =>
  module ? evaluateFunc(module.funcs[0], [image])[0].data : new Float64Array(0);

/** The largest difference of logits; Infinity where one is no number. */
function difference(a: readonly Logits[], b: readonly Logits[]): number {
  let most = 0;
  a.forEach((logits, i) =>
    logits.forEach((x, k) => {
      const d = Math.abs(x - b[i][k]);
      most = d <= most ? most : Number.isNaN(d) ? Infinity : d;
    }),
  );
  return most;
}

/** What an agreement found, for a line of figures. */
export interface Agreement {
  readonly network: RandomNetwork;
  readonly compiled: CompileResult;
  /** The largest logit of the polynomial network. */
  readonly size: number;
  readonly simulatorError: number;
  readonly nativeError: number;
}

/**
 * Compiles the random network of a seed for the native engine, and compares what it computes at every stage on images that it was not
 * calibrated with: as imported, canonical, with polynomials, as a program in exact numbers, simulated, and truly encrypted.
 */
export async function expectAgreement(seed: number, blocks: number, bootstraps = false): Promise<Agreement> {
  const network = randomNetwork(seed, blocks);
  const { inputShape } = network;
  const modules = new Map<string, Module>();
  const compiled = await compileModel(network.bytes, {
    calibration: randomInputs(inputShape, calibrationImages, seed),
    target: 'native',
    insecureForTests: true,
    precisionBits: 6,
    ...randomOptions(seed, bootstraps),
    hooks: { onStage: (name, module) => void modules.set(name, module) },
  });
  const images = randomInputs(inputShape, encryptedImages, seed + 1).images.map((data) => tensor(inputShape, data));
  const of = (stage: string): Logits[] => images.map((image) => logitsOf(modules.get(stage), image));
  const [imported, canonical, polynomial] = ['import', 'compose-linear', 'approximate-activations'].map(of);
  const size = Math.max(...polynomial.flatMap((logits) => [...logits].map(Math.abs)));
  expect(difference(imported, canonical), 'imported and canonical network').toBeLessThan(1e-9 * Math.max(1, size));
  const { clear, simulated } = predict(compiled, images);
  expect(difference(polynomial, clear), 'exact program').toBeLessThan(compiled.errorBound);
  const [native] = await runEncrypted(compiled, images, ['native']);
  const [simulatorError, nativeError] = [simulated, native].map((logits) => difference(polynomial, logits));
  expect(simulatorError, 'simulated').toBeLessThan(compiled.errorBound);
  expect(nativeError, 'encrypted').toBeLessThan(compiled.errorBound);
  return { network, compiled, size, simulatorError, nativeError };
}
