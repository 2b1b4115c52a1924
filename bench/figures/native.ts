import { availableParallelism } from 'node:os';
import { nativeCostModel } from '../../passes/analysis/native-costs.ts';
import { openClient } from '../../runtime/client/session.ts';
import { findNative } from '../../runtime/native/library.ts';
import type { ServerOptions } from '../../runtime/server/session.ts';
import { openSimulator } from '../../runtime/simulator/simulator.ts';
import { runClear } from '../../samples/e2e/clear.ts';
import { writeFiles } from '../../samples/e2e/files.ts';
import { argmax, dataOf, errorBits, imageOf } from '../../samples/e2e/sample.ts';
import { startServerProcess, type ServerProcess } from '../../samples/e2e/server-client.ts';
import { figure, type Bench } from '../bench.ts';
import { median, type Figure } from '../figure.ts';
import { warmSecondsBy } from '../price.ts';

/** One test image on one server. */
interface Answer {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly logits: Float64Array;
}

/** Medians leave out the first image, which encodes the weights. */
const warm = (values: readonly number[]): number => median(values.length > 1 ? values.slice(1) : values);

/**
 * The native engine beside SEAL: each in a process of its own, with the same keys and ciphertexts, image by image in turn, so that a change in the
 * load of the machine meets both. `ratio_seal` is the median over the images of their ratio, `ratio_seal_cpu` that of the processor's time over all
 * threads, which a loaded machine changes least.
 */
export async function* nativeFigures({ sample, compiled, options, progress }: Bench): AsyncIterable<Figure> {
  const found = findNative();
  if ('missing' in found) {
    progress(`no figures of the native engine: ${found.missing}`);
    return;
  }
  const { program } = compiled;
  const threads = options.threads ?? availableParallelism();
  const files = writeFiles(compiled);
  const servers: ServerProcess[] = [];
  try {
    progress('making keys');
    const keys = await files.makeKeys();
    const client = await openClient(files.specification, keys.secret);
    const start = async (serverOptions: ServerOptions): Promise<ServerProcess> => {
      const server = await startServerProcess(files.modelPath, keys.keysPath, serverOptions);
      servers.push(server);
      return server;
    };
    progress('loading keys');
    const native = await start({ backend: 'native', threads });
    const seal = await start(options.threads === undefined ? {} : { threads });
    const { test } = dataOf(sample);
    const answer = async (server: ServerProcess, inputs: readonly Uint8Array[]): Promise<Answer> => {
      const { outputs, seconds, cpuSeconds } = await server.run(inputs);
      return { seconds, cpuSeconds, logits: client.decrypt(outputs)[0].data };
    };
    const runs: { readonly native: Answer; readonly seal: Answer }[] = [];
    for (let i = 0; i < options.images; i++) {
      const inputs = client.encrypt([imageOf(test, i)]);
      const run = { native: await answer(native, inputs), seal: await answer(seal, inputs) };
      runs.push(run);
      progress(`image ${i + 1}: native ${run.native.seconds.toFixed(2)} s, SEAL ${run.seal.seconds.toFixed(2)} s`);
    }
    client.close();
    const simulator = openSimulator(program, 1);
    const agreed = runs.filter(({ native: { logits }, seal: other }, i) => {
      const simulated = simulator.run([imageOf(test, i)], i);
      const classes = [logits, other.logits, ...(simulated.kind === 'outputs' ? [simulated.outputs[0].data] : [])];
      return classes.length === 3 && new Set(classes.map(argmax)).size === 1;
    });
    const exact = runs.map((_, i) => runClear(program, imageOf(test, i)));
    const seconds = warm(runs.map((r) => r.native.seconds));
    const forecast = warmSecondsBy(nativeCostModel(program.parameters.specialPrimes.length), program);
    yield figure('native.threads', threads);
    yield figure('native.setup_seconds', native.setupSeconds, 's');
    yield figure('native.first_seconds', runs[0].native.seconds, 's');
    yield figure('native.seconds', seconds, 's');
    yield figure('native.seal_seconds', warm(runs.map((r) => r.seal.seconds)), 's');
    yield figure('native.ratio_seal', warm(runs.map((r) => r.seal.seconds / r.native.seconds)));
    yield figure('native.cpu_seconds', warm(runs.map((r) => r.native.cpuSeconds)), 's');
    yield figure('native.seal_cpu_seconds', warm(runs.map((r) => r.seal.cpuSeconds)), 's');
    yield figure('native.ratio_seal_cpu', warm(runs.map((r) => r.seal.cpuSeconds / r.native.cpuSeconds)));
    yield figure('native.forecast', forecast, 's');
    yield figure('native.measured_by_forecast', seconds / forecast);
    yield figure('native.images', runs.length);
    yield figure('native.agreement', agreed.length / runs.length);
    yield figure(
      'native.error_bits',
      errorBits(
        exact,
        runs.map((r) => r.native.logits),
      ),
      'bit',
    );
    yield figure('native.peak_bytes', native.peakBytes(), 'B');
    yield figure('native.engine_peak_bytes', native.enginePeakBytes(), 'B');
  } finally {
    await Promise.all(servers.map((server) => server.close()));
    files.remove();
  }
}
