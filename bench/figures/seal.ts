import { openClient } from '../../runtime/client/session.ts';
import { openSimulator } from '../../runtime/simulator/simulator.ts';
import { runClear } from '../../samples/e2e/clear.ts';
import { writeFiles, type ModelFiles } from '../../samples/e2e/files.ts';
import { argmax, dataOf, errorBits, imageOf, type Sample } from '../../samples/e2e/sample.ts';
import { startServerProcess } from '../../samples/e2e/server-client.ts';
import type { CompileResult } from '../../compiler/compile.ts';
import { figure, type Bench, type BenchOptions } from '../bench.ts';
import { median, type Figure } from '../figure.ts';

/** One test image, truly encrypted. */
export interface ImageRun {
  readonly encryptSeconds: number;
  readonly runSeconds: number;
  readonly decryptSeconds: number;
  readonly logits: Float64Array;
}

/** A client and a server of one compiled sample. Call `close` when done. */
export interface Encrypted {
  readonly keygenSeconds: number;
  readonly keyBytes: number;
  readonly setupSeconds: number;
  readonly classify: (image: number) => Promise<ImageRun>;
  readonly peakBytes: () => number;
  readonly close: () => Promise<void>;
}

const since = (began: number): number => (performance.now() - began) / 1000;

/** Makes keys and starts client and server. The server is another process, so that its memory is its own. */
export async function openEncrypted(
  files: ModelFiles,
  sample: Sample,
  { threads }: BenchOptions,
  progress: (text: string) => void,
): Promise<Encrypted> {
  progress('making keys');
  const keyed = performance.now();
  const keys = await files.makeKeys();
  const keygenSeconds = since(keyed);
  const client = await openClient(files.specification, keys.secret);
  progress('loading keys');
  const server = await startServerProcess(files.modelPath, keys.keysPath, threads === undefined ? {} : { threads });
  const { test } = dataOf(sample);
  return {
    keygenSeconds,
    keyBytes: keys.keyBytes,
    setupSeconds: server.setupSeconds,
    classify: async (image) => {
      let began = performance.now();
      const inputs = client.encrypt([imageOf(test, image)]);
      const encryptSeconds = since(began);
      const { outputs, seconds } = await server.run(inputs);
      began = performance.now();
      const [output] = client.decrypt(outputs);
      progress(`image ${image + 1}: ${seconds.toFixed(2)} s`);
      return { encryptSeconds, runSeconds: seconds, decryptSeconds: since(began), logits: output.data };
    },
    peakBytes: server.peakBytes,
    close: async () => {
      await server.close();
      client.close();
    },
  };
}

/** Median seconds an image, the first one left out: it encodes the weights. */
export const warmSeconds = (runs: readonly ImageRun[]): number =>
  median((runs.length > 1 ? runs.slice(1) : runs).map((r) => r.runSeconds));

/** Encrypted evaluation: time, memory, keys, and how near it comes to the same program in the clear and in the simulator. */
export async function* sealFigures({ sample, compiled, options, progress }: Bench): AsyncIterable<Figure> {
  const files = writeFiles(compiled);
  try {
    const encrypted = await openEncrypted(files, sample, options, progress);
    const runs: ImageRun[] = [];
    try {
      for (let i = 0; i < options.images; i++) runs.push(await encrypted.classify(i));
    } finally {
      await encrypted.close();
    }
    yield figure('artefact_bytes', files.modelBytes, 'B');
    yield figure('keygen.seconds', encrypted.keygenSeconds, 's');
    yield figure('seal.key_bytes', encrypted.keyBytes, 'B');
    yield figure('seal.setup_seconds', encrypted.setupSeconds, 's');
    yield figure('encrypt.seconds', median(runs.map((r) => r.encryptSeconds)), 's');
    yield figure('seal.first_seconds', runs[0].runSeconds, 's');
    yield figure('seal.seconds', warmSeconds(runs), 's');
    yield figure('decrypt.seconds', median(runs.map((r) => r.decryptSeconds)), 's');
    yield figure('seal.peak_bytes', encrypted.peakBytes(), 'B');
    yield* agreement(
      sample,
      compiled,
      runs.map((r) => r.logits),
    );
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
