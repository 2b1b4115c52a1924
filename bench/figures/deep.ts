import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forecastNative } from '../../compiler/cli/forecast.ts';
import { loadInputs, type InputFlags } from '../../compiler/cli/common-options.ts';
import { runClear } from '../../samples/e2e/clear.ts';
import type { Dataset } from '../../compiler/inputs/dataset.ts';
import { importOnnx } from '../../compiler/onnx/import.ts';
import { canonicalise } from '../../compiler/pipeline/canonical.ts';
import type { Model } from '../../ir/program/model-file.ts';
import { tensor, type Tensor } from '../../ir/tensor.ts';
import { findNative } from '../../runtime/native/library.ts';
import { requireServer } from '../../runtime/server/session.ts';
import { simulate } from '../../runtime/simulator/simulate.ts';
import { argmax, errorBits } from '../../samples/e2e/sample.ts';
import { figure, type BenchOptions, type Part } from '../bench.ts';
import { compiledFile, type CompiledFile } from '../compiled-file.ts';
import { EncryptedModel, type EncryptedRuns } from '../encrypted-images.ts';
import { median, type Figure } from '../figure.ts';
import { predictionsOf } from './accuracy.ts';

/** A network that bootstraps, of data that do not belong to the repository: paths below the folder of the data. */
interface DeepNetwork {
  readonly model: string;
  readonly calibration: string;
  readonly test: string;
  /** How its inputs are prepared, as the command line says it. */
  readonly preparation: InputFlags;
  /** What it is compiled with, beside what the user says. */
  readonly compile: readonly string[];
}

const dataFolder = new URL('../../../shared/data/', import.meta.url).pathname;

const cifar10 = {
  calibration: 'cifar10-lossless/train_first4000.bin',
  test: 'cifar10-lossless/test_first100.bin',
  preparation: { mean: '0.485,0.456,0.406', std: '0.229,0.224,0.225' },
  // The network knows its calibration images by heart, so that every changed answer is a loss: one point of them is less of others.
  compile: ['--max-accuracy-loss', '1'],
};

export const deepNetworks: Readonly<Record<string, DeepNetwork>> = {
  resnet20: { model: 'resnet-cifar10/resnet20_cifar10_pre.onnx', ...cifar10 },
  resnet32: { model: 'resnet-cifar10/resnet32_cifar10_pre.onnx', ...cifar10 },
};

/** The same network compiled otherwise, for the ratio: without OLA's degrees, and with bootstraps where the levels run out. */
const rivals: Readonly<Record<string, readonly string[]>> = {
  uniform: ['--degrees', 'uniform'],
  greedy: ['--bootstraps', 'greedy'],
};

const imageSeconds = ({ runs }: EncryptedRuns): number => median(runs.map((r) => r.seconds));

/** One such network: compiled by the command, simulated, and truly encrypted on one and on two threads. */
export const deepFigures = (name: string): Part =>
  async function* (progress, options) {
    const network = deepNetworks[name];
    const path = (file: string): string => join(dataFolder, file);
    const missing = [network.model, network.calibration, network.test].find((file) => !existsSync(path(file)));
    const engine = findNative();
    if (missing !== undefined) return progress(`skipped: ${path(missing)} is not there`);
    if ('missing' in engine) return progress(`skipped: ${engine.missing}`);
    const folder = options.cache ?? mkdtempSync(join(tmpdir(), 'fhec-bench-'));
    const { mean = '', std = '' } = network.preparation;
    const compile = (kind: string, more: readonly string[]): Promise<CompiledFile> => {
      progress(`${kind}: compiling, unless ${folder} has it`);
      const calibration = ['--calibration', path(network.calibration), '--cache', folder, '--mean', mean, '--std', std];
      return compiledFile(folder, `${name}-${kind}`, [
        path(network.model),
        ...['--target', 'native', ...calibration, ...network.compile, ...options.compile, ...more],
      ]);
    };
    const named = ({ figure: part, ...rest }: Figure): Figure => ({ figure: `${name}.${part}`, ...rest });
    try {
      const compiled = await compile('layerwise', []);
      for (const f of compileFigures(compiled)) yield named(f);
      const data = await loadInputs(options.test ?? path(network.test), inputOf(compiled), network.preparation);
      for await (const f of answerFigures(compiled, path(network.model), data, options, progress)) yield named(f);
      for (const [rival, more] of Object.entries(rivals)) {
        try {
          const other = await compile(rival, more);
          for await (const f of rivalFigures(rival, other, data, options, progress)) yield named(f);
        } catch (error) {
          progress(`${rival}: no figures: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    } finally {
      if (options.cache === undefined) rmSync(folder, { recursive: true, force: true });
    }
  };

const bootstrapsOf = ({ program }: Model): number => program.instructions.filter((i) => i.op === 'mod_raise').length;

/** Of one image on two threads, by the shipped costs. */
function forecastOf(model: Model): number {
  const budget = requireServer(model, { backend: 'native' });
  return budget ? forecastNative(model.program, budget, 2) : NaN;
}

const inputOf = ({ model }: CompiledFile) => ({
  shape: model.program.inputs[0].shape,
  preparation: model.specification.preparation,
});

function* compileFigures({ report, commandSeconds, bytes, model }: CompiledFile): Iterable<Figure> {
  const { parameters, keys } = model.program;
  if (commandSeconds !== undefined) yield figure('compile.command_seconds', commandSeconds, 's');
  yield figure('compile.seconds', report.compileSeconds, 's');
  yield figure('artefact_bytes', bytes, 'B');
  yield figure('ring_degree', parameters.ringDegree);
  yield figure('modulus_bits', report.parameters.modulusBits, 'bit');
  yield figure('bootstraps', bootstrapsOf(model));
  yield figure('rotations', report.cost.rotations);
  yield figure('multiplications', report.cost.multiplications);
  yield figure('plain_multiplications', report.cost.plainMultiplications);
  yield figure('keys', keys.rotations.length);
  yield figure('forecast.seconds', forecastOf(model), 's');
}

/** The first images of a data set as tensors. */
const firstImages = ({ images, shape }: Dataset, count: number): Tensor[] =>
  images.slice(0, count).map((image) => tensor(shape, image));

const shareOf = <T>(items: readonly T[], holds: (item: T, index: number) => boolean): number =>
  items.filter(holds).length / items.length;

/** Exact, simulated and encrypted answers to the test images. */
async function* answerFigures(
  { path, model, report }: CompiledFile,
  networkPath: string,
  data: Dataset,
  options: BenchOptions,
  progress: (text: string) => void,
): AsyncIterable<Figure> {
  const { images, labels } = data;
  const encryptedImages = firstImages(data, options.agreement);
  const count = Math.min(images.length, Math.max(encryptedImages.length, options.simulated));
  progress(`exact network on ${images.length} images`);
  const network = canonicalise(importOnnx(readFileSync(networkPath), {}), () => undefined);
  const exact = predictionsOf(network, firstImages(data, images.length));
  const right = (classes: readonly (number | undefined)[]): number => shareOf(classes, (c, i) => c === labels?.[i]);
  yield figure('exact.images', images.length);
  if (labels) yield figure('exact.accuracy', right(exact));
  const began = performance.now();
  const simulated = await simulate(
    path,
    firstImages(data, count).map((image) => [image]),
    { onProgress: (done) => progress(`simulated ${done} of ${count}`) },
  );
  const classes = simulated.map((r) => (r.kind === 'outputs' ? argmax(r.outputs[0].data) : undefined));
  yield figure('simulated.images', count);
  if (labels) yield figure('simulated.accuracy', right(classes));
  if (labels) yield figure('simulated.exact_accuracy', right(exact.slice(0, count)));
  yield figure(
    'simulated.agreement',
    shareOf(classes, (c, i) => c === exact[i]),
  );
  yield figure('simulated.out_of_range', simulated.filter((r) => r.kind === 'out-of-range').length);
  yield figure('simulated.seconds', (performance.now() - began) / 1000 / count, 's');
  const encrypted = new EncryptedModel(path, model.specification);
  try {
    const answer = (threads: number, inputs: readonly Tensor[]): Promise<EncryptedRuns> =>
      encrypted.answer(inputs, { backend: 'native', threads }, (i, { seconds, logits }) =>
        progress(`image ${i} on ${threads} threads: class ${argmax(logits)}, ${seconds.toFixed(2)} s`),
      );
    const two = await answer(2, encryptedImages);
    const found = two.runs.map((r) => argmax(r.logits));
    const seconds = imageSeconds(two);
    const polynomial = encryptedImages.map((image) => runClear(model.program, image));
    const bits = -errorBits(
      polynomial,
      two.runs.map((r) => r.logits),
    );
    yield figure('encrypted.images', found.length);
    yield figure(
      'encrypted.agreement',
      shareOf(found, (c, i) => c === exact[i]),
    );
    yield figure(
      'encrypted.agreement_simulated',
      shareOf(found, (c, i) => c === classes[i]),
    );
    if (labels) yield figure('encrypted.accuracy', right(found));
    yield figure('encrypted.precision_bits', bits, 'bit');
    yield figure('keygen.seconds', two.keygenSeconds, 's');
    yield figure('key_bytes', two.keyBytes, 'B');
    yield figure('setup_seconds', two.setupSeconds, 's');
    yield figure('seconds2', seconds, 's');
    yield figure('cpu_seconds2', median(two.runs.map((r) => r.cpuSeconds)), 's');
    yield figure('forecast.by_measured', forecastOf(model) / seconds);
    yield figure('peak_bytes', two.peakBytes, 'B');
    yield figure('engine_peak_bytes', two.enginePeakBytes, 'B');
    const one = await answer(1, firstImages(data, options.images));
    yield figure('seconds1', imageSeconds(one), 's');
    if (report.accuracy.exact !== undefined) yield figure('calibration.exact_accuracy', report.accuracy.exact);
    if (report.accuracy.polynomial !== undefined) yield figure('calibration.accuracy', report.accuracy.polynomial);
  } finally {
    encrypted.remove();
  }
}

/** The seconds of the same network compiled otherwise. */
async function* rivalFigures(
  rival: string,
  { path, model }: CompiledFile,
  data: Dataset,
  options: BenchOptions,
  progress: (text: string) => void,
): AsyncIterable<Figure> {
  const encrypted = new EncryptedModel(path, model.specification);
  try {
    const answer = await encrypted.answer(
      firstImages(data, options.images),
      { backend: 'native', threads: 2 },
      (i, { seconds }) => progress(`${rival}, image ${i}: ${seconds.toFixed(2)} s`),
    );
    yield figure(`${rival}.seconds2`, imageSeconds(answer), 's');
    yield figure(`${rival}.forecast`, forecastOf(model), 's');
    yield figure(`${rival}.bootstraps`, bootstrapsOf(model));
  } finally {
    encrypted.remove();
  }
}
