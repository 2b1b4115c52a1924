import { emitProgram } from '../../compiler/emit/emit-program.ts';
import { Builder } from '../../ir/builder.ts';
import * as ckks from '../../ir/ckks/ops.ts';
import { slotCount, type Parameters } from '../../ir/ckks/parameters.ts';
import { rowMajorLayout } from '../../ir/layout.ts';
import { vectorName, type Module } from '../../ir/module.ts';
import type { Program } from '../../ir/program/program.ts';
import { tensor } from '../../ir/tensor.ts';
import { cipherType } from '../../ir/types.ts';
import { chooseBootstrap, type BootstrapGoal, type ChosenBootstrap } from '../../passes/kernels/bootstrap/choose.ts';
import { emitBootstrap } from '../../passes/kernels/bootstrap/emit.ts';
import { bootstrapDefaults } from '../../passes/kernels/bootstrap/plan.ts';
import { planNativeKeys } from '../../runtime/client/native-keys.ts';
import {
  conjugationSection,
  galoisSection,
  relinearizationSection,
  secretSwitchSection,
} from '../../runtime/files/evaluation-keys.ts';
import { nativeBackend, type NativeKeys } from '../../runtime/native/backend.ts';
import { fuseProgram } from '../../runtime/native/fuse.ts';
import { openNative, type Handle, type NativeEngine } from '../../runtime/native/library.ts';
import { PlaintextStore } from '../../runtime/native/plaintext-store.ts';
import { runFused } from '../../runtime/native/run-fused.ts';
import { giveCiphertext, takeCiphertext } from '../../runtime/native/transfer.ts';
import { figure, type BenchOptions } from '../bench.ts';
import { median, type Figure } from '../figure.ts';
import { openBenchClient, type BenchClient } from './bootstrap-client.ts';

const small: BootstrapGoal = {
  ...bootstrapDefaults,
  ringDegree: 2 ** 15,
  slots: 2 ** 14,
  scaleBits: 36,
  precisionBits: 15,
  mostUserLevels: 30,
};

/** Of 128-bit security, for real numbers in all slots: one that leaves six levels in a small ring, the same for numbers that fill half or a quarter of the
 * slots, or with SlotsToCoeffs last, and one that leaves many levels. */
const goals: Readonly<Record<string, BootstrapGoal>> = {
  bootstrap15: small,
  bootstrap15half: { ...small, slots: 2 ** 13 },
  bootstrap15quarter: { ...small, slots: 2 ** 12 },
  bootstrap15last: { ...small, order: 'slots-to-coeffs-last', precisionBits: 10 },
  bootstrap16: {
    ...bootstrapDefaults,
    ringDegree: 2 ** 16,
    slots: 2 ** 15,
    scaleBits: 40,
    precisionBits: 17,
    mostUserLevels: 30,
    slotsToCoeffs: 3,
    coeffsToSlots: 3,
    specialPrimes: 7,
  },
};

const repetitions = 3;
/** Weights of all factors are kept between bootstraps. */
const plaintextBudget = 2 ** 33;

/** One bootstrap, from the user's lowest level to the highest and, by a product with 1, down to the lowest again. */
function benchProgram({ plan, parameters }: ChosenBootstrap): Program {
  const { slots, levels } = plan;
  const builder = new Builder({ parameters });
  const x = builder.param(vectorName('x', 0), cipherType(levels.input, parameters.scales[levels.input]));
  const refreshed = emitBootstrap(builder, x, plan, parameters);
  const level = levels.input + 1;
  const lowered = builder.create(ckks.modSwitch, [refreshed], { level }, x.loc);
  const { scales } = parameters;
  const scale = scales[level] ** 2 / scales[levels.output];
  const one = builder.create(ckks.encode, [], { vector: tensor([1], Float64Array.of(1)), level, scale }, x.loc);
  const y = builder.create(ckks.rescale, [builder.create(ckks.mulPlain, [lowered, one], {}, x.loc)], {}, x.loc);
  const copies = slotCount(parameters) / slots;
  const layout = { ...rowMajorLayout(slots), copies: copies > 1 ? [{ extent: copies, stride: slots }] : [] };
  const port = (name: string) => ({ name, shape: [1, slots], factor: [1], layout });
  const module: Module = {
    level: 'ckks',
    parameters,
    interface: { inputs: [port('x')], outputs: [port('y')], clientSteps: [] },
    funcs: [builder.finish('main', [{ name: vectorName('y', 0), value: y }])],
  };
  return emitProgram(module);
}

interface Opened {
  readonly engine: NativeEngine;
  readonly keyBytes: number;
  readonly run: (input: Handle) => Handle;
}

/** An engine with all keys of the program. */
function openEngine(program: Program, client: BenchClient, threads: number): Opened {
  const { parameters } = program;
  const engine = openNative(parameters, { threads });
  const maker = client.keyMaker(engine);
  const loaded = new Map<string, Handle>();
  let keyBytes = 0;
  const specification = { parameters, keys: program.keys };
  for (const { name, make } of planNativeKeys(maker, specification)) {
    const bytes = make();
    keyBytes += bytes.length;
    loaded.set(name, engine.importSeededKey(bytes));
  }
  maker.release();
  const key = (section: string): Handle => loaded.get(section) ?? -1;
  const keys: NativeKeys = {
    relinearization: () => key(relinearizationSection),
    rotation: (steps) => key(galoisSection(steps)),
    conjugation: () => key(conjugationSection),
    secret: (to) => key(secretSwitchSection(to)),
    automorphisms: (instructions) =>
      instructions.map((i) => key(i.op === 'rotate' ? galoisSection(i.steps) : conjugationSection)),
  };
  const steps = fuseProgram(program, { bytes: 2 ** 28, keys: Infinity });
  const plaintexts = new PlaintextStore(engine, program, steps, plaintextBudget);
  const runner = { engine, keys, backend: nativeBackend(engine, keys), plaintexts };
  return { engine, keyBytes, run: (input) => runFused(program, steps, runner, [input])[0] };
}

/** -log2 of the mean and of the largest error. */
function errorBits(found: Float64Array, exact: Float64Array): { readonly mean: number; readonly worst: number } {
  const errors = exact.map((x, i) => Math.abs(found[i] - x));
  return {
    mean: -Math.log2(errors.reduce((a, b) => a + b, 0) / errors.length),
    worst: -Math.log2(errors.reduce((a, b) => Math.max(a, b), 0)),
  };
}

/** log2 of the primes that the user has between two bootstraps. */
const userBits = ({ primes }: Parameters, input: number, output: number): number =>
  primes.slice(input + 1, output + 1).reduce((sum, q) => sum + Math.log2(Number(q)), 0);

/** Names of the bootstraps that are measured. */
export const bootstrapNames = Object.keys(goals);

/** Seconds on one thread and on two, precision, keys and memory of bootstraps; with `repeat` so many in a row instead. */
export const bootstrapFigures = (names: readonly string[]) =>
  async function* (progress: (text: string) => void, options: BenchOptions): AsyncIterable<Figure> {
    for (const name of names) {
      const chosen = chooseBootstrap(goals[name]);
      if (!chosen) throw new Error(`no bootstrap fits N = ${goals[name].ringDegree}`);
      const { plan, parameters, precision } = chosen;
      const { input, output, top } = plan.levels;
      progress(`${output - input} of ${top} levels left, ${precision.mean.toFixed(1)} bits predicted`);
      const bench = { name, program: benchProgram(chosen), client: await openBenchClient(parameters, input), progress };
      if (options.repeat > 1) yield* repeated(bench, options.threads ?? 2, options.repeat);
      else {
        yield figure(`${name}.levels_left`, output - input);
        yield figure(`${name}.bits_left`, userBits(parameters, input, output), 'bit');
        for (const threads of options.threads === undefined ? [2, 1] : [options.threads]) yield* timed(bench, threads);
      }
      bench.client.close();
    }
  };

interface BootstrapBench {
  readonly name: string;
  readonly program: Program;
  readonly client: BenchClient;
  readonly progress: (text: string) => void;
}

/** A client's random numbers, and their ciphertexts on an engine. */
function openOperand({ program, client }: BootstrapBench, engine: NativeEngine) {
  const { parameters, inputs } = program;
  const [{ name, level, scale, layout }] = inputs;
  const numbers = Float64Array.from({ length: layout.size }, () => 2 * Math.random() - 1);
  const vector = Float64Array.from({ length: slotCount(parameters) }, (_, j) => numbers[j % layout.size]);
  const encrypted = client.encrypt(vector, scale);
  return {
    vector,
    take: () => takeCiphertext(engine, parameters, encrypted, { name, level, scale }),
    errorOf: (handle: Handle) => errorBits(client.decrypt(giveCiphertext(engine, parameters, handle)), vector),
  };
}

function* timed(bench: BootstrapBench, threads: number): Iterable<Figure> {
  const { name, program, client, progress } = bench;
  progress(`making keys, ${threads} threads`);
  const { engine, keyBytes, run } = openEngine(program, client, threads);
  const operand = openOperand(bench, engine);
  const seconds: number[] = [];
  const errors: { readonly mean: number; readonly worst: number }[] = [];
  for (let i = 0; i <= repetitions; i++) {
    const cipher = operand.take();
    const began = performance.now();
    const made = run(cipher);
    seconds.push((performance.now() - began) / 1000);
    errors.push(operand.errorOf(made));
    for (const handle of [cipher, made]) engine.release(handle);
    progress(`${seconds[i].toFixed(3)} s, ${errors[i].mean.toFixed(2)} bits`);
  }
  yield figure(`${name}.seconds${threads}`, median(seconds.slice(1)), 's');
  if (threads > 1) {
    yield figure(`${name}.bits_mean`, median(errors.map((e) => e.mean)), 'bit');
    yield figure(`${name}.bits_worst`, Math.min(...errors.map((e) => e.worst)), 'bit');
    yield figure(`${name}.key_bytes`, keyBytes, 'B');
    yield figure(`${name}.peak_bytes`, engine.peakBytes(), 'B');
  }
  engine.close();
}

/** Random numbers anew for each bootstrap: none may fail, the last must be as precise as the first, and memory must not grow. */
function* repeated(bench: BootstrapBench, threads: number, repeat: number): Iterable<Figure> {
  const { name, program, client, progress } = bench;
  const { engine, run } = openEngine(program, client, threads);
  const means: number[] = [];
  let worst = Infinity;
  for (let i = 1; i <= repeat; i++) {
    const operand = openOperand(bench, engine);
    const cipher = operand.take();
    const made = run(cipher);
    const errors = operand.errorOf(made);
    for (const handle of [cipher, made]) engine.release(handle);
    means.push(errors.mean);
    worst = Math.min(worst, errors.worst);
    progress(`bootstrap ${i} of ${repeat}: ${errors.mean.toFixed(2)} bits, at worst ${errors.worst.toFixed(2)}`);
    if (i !== Math.min(10, repeat) && i !== repeat) continue;
    yield figure(`${name}.peak_bytes_after_${i}`, engine.peakBytes(), 'B');
    yield figure(`${name}.resident_bytes_after_${i}`, process.memoryUsage.rss(), 'B');
  }
  yield figure(`${name}.bits_mean_first`, means[0], 'bit');
  yield figure(`${name}.bits_mean_last`, means[means.length - 1], 'bit');
  yield figure(`${name}.bits_mean_least`, Math.min(...means), 'bit');
  yield figure(`${name}.bits_worst_of_all`, worst, 'bit');
  engine.close();
}
