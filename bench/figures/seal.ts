import { openClient } from '../../runtime/client/session.ts';
import { openSimulator } from '../../runtime/simulator/simulator.ts';
import { runClear } from '../../samples/e2e/clear.ts';
import { writeFiles, type ModelFiles } from '../../samples/e2e/files.ts';
import { argmax, dataOf, errorBits, imageOf, type Sample } from '../../samples/e2e/sample.ts';
import { startServerProcess } from '../../samples/e2e/server-client.ts';
import type { CompileResult } from '../../compiler/compile.ts';
import { figure, type Bench, type BenchOptions } from '../bench.ts';
import { median, type Figure } from '../figure.ts';

/** What the first test images took, truly encrypted. */
interface SealRun {
  readonly keygenSeconds: number;
  readonly keyBytes: number;
  readonly setupSeconds: number;
  readonly encryptSeconds: readonly number[];
  /** Of each image; the first encodes the weights. */
  readonly runSeconds: readonly number[];
  readonly decryptSeconds: readonly number[];
  readonly peakBytes: number;
  readonly logits: readonly Float64Array[];
}

const since = (began: number): number => (performance.now() - began) / 1000;

/** Makes keys, and sends the first test images through client and server. The server is another process, so that its memory is its own. */
export async function runOnSeal(
  files: ModelFiles,
  sample: Sample,
  { images, threads }: BenchOptions,
  progress: (text: string) => void,
): Promise<SealRun> {
  progress('making keys');
  const keyed = performance.now();
  const keys = await files.makeKeys();
  const keygenSeconds = since(keyed);
  const client = await openClient(files.specification, keys.secret);
  progress('loading keys');
  const server = await startServerProcess(files.modelPath, keys.keysPath, {
    ...sample.server,
    ...(threads === undefined ? {} : { threads }),
  });
  const { test } = dataOf(sample);
  const encryptSeconds: number[] = [];
  const runSeconds: number[] = [];
  const decryptSeconds: number[] = [];
  const logits: Float64Array[] = [];
  try {
    for (let i = 0; i < images; i++) {
      let began = performance.now();
      const inputs = client.encrypt([imageOf(test, i)]);
      encryptSeconds.push(since(began));
      const { outputs, seconds } = await server.run(inputs);
      runSeconds.push(seconds);
      began = performance.now();
      const [output] = client.decrypt(outputs);
      decryptSeconds.push(since(began));
      logits.push(output.data);
      progress(`image ${i + 1} of ${images}: ${seconds.toFixed(1)} s`);
    }
    return {
      keygenSeconds,
      keyBytes: keys.keyBytes,
      setupSeconds: server.setupSeconds,
      encryptSeconds,
      runSeconds,
      decryptSeconds,
      peakBytes: server.peakBytes(),
      logits,
    };
  } finally {
    await server.close();
    client.close();
  }
}

/** Median seconds an image, the first one left out: it encodes the weights. */
export const warmSeconds = (run: SealRun): number =>
  median(run.runSeconds.length > 1 ? run.runSeconds.slice(1) : run.runSeconds);

/** Encrypted evaluation: time, memory, keys, and how near it comes to the same program in the clear and in the simulator. */
export async function* sealFigures({ sample, compiled, options, progress }: Bench): AsyncIterable<Figure> {
  const files = writeFiles(compiled);
  try {
    const run = await runOnSeal(files, sample, options, progress);
    yield figure('artefact_bytes', files.modelBytes, 'B');
    yield figure('keygen.seconds', run.keygenSeconds, 's');
    yield figure('seal.key_bytes', run.keyBytes, 'B');
    yield figure('seal.setup_seconds', run.setupSeconds, 's');
    yield figure('encrypt.seconds', median(run.encryptSeconds), 's');
    yield figure('seal.first_seconds', run.runSeconds[0], 's');
    yield figure('seal.seconds', warmSeconds(run), 's');
    yield figure('decrypt.seconds', median(run.decryptSeconds), 's');
    yield figure('seal.peak_bytes', run.peakBytes, 'B');
    yield* agreement(sample, compiled, run.logits);
  } finally {
    files.remove();
  }
}

function* agreement(sample: Sample, { program }: CompileResult, logits: readonly Float64Array[]): Iterable<Figure> {
  const { test } = dataOf(sample);
  const simulator = openSimulator(program, 1);
  const clear = logits.map((_, i) => runClear(program, imageOf(test, i)));
  const agreed = logits.filter((found, i) => {
    const simulated = simulator.run([imageOf(test, i)], i);
    return simulated.kind === 'outputs' && argmax(simulated.outputs[0].data) === argmax(found);
  });
  yield figure('encrypted.images', logits.length);
  yield figure('encrypted.agreement', agreed.length / logits.length);
  yield figure('encrypted.error_bits', errorBits(clear, logits), 'bit');
}
