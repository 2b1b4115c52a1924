import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { FhecError, InternalError } from '../../ir/diagnostics.ts';
import type { Model } from '../../ir/program/model-file.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { readSecretKey } from '../../runtime/client/keys.ts';
import { openClient } from '../../runtime/client/session.ts';
import { peakMemory } from '../../runtime/peak-memory.ts';
import { openServer, requireServer, type ServerOptions } from '../../runtime/server/session.ts';
import { openSimulator } from '../../runtime/simulator/simulator.ts';
import type { MeasuredCosts } from '../costs/cost-file.ts';
import { makeKeys } from './commands/keygen.ts';
import { forecastNative } from './forecast.ts';
import { runClear } from './predict.ts';

export type InferBackend = 'seal' | 'native' | 'simulator' | 'clear';

/** Answers inputs one at a time. */
export interface Inference {
  readonly keyBytes: number;
  /** Of one input; undefined where nothing is encrypted. */
  readonly predictedSeconds: number | undefined;
  /** Outputs before the client steps, and the seconds of the run on the server's side. */
  readonly infer: (
    input: Tensor,
    index: number,
    /** The share of the input that is done, and the ONNX node at work. */
    onProgress: (share: number, node: string) => void,
  ) => Promise<{ outputs: readonly Tensor[]; seconds: number }>;
  readonly peakBytes: () => number;
  /** The most bytes that the native engine held; undefined for the other back ends. */
  readonly enginePeakBytes: () => number | undefined;
  readonly close: () => Promise<void>;
}

export interface InferenceOptions {
  readonly server: ServerOptions;
  /** What operations cost on this machine; undefined for the shipped costs. */
  readonly costs?: MeasuredCosts | undefined;
  readonly signal: AbortSignal;
  readonly onStage: (stage: string) => void;
}

export function openInference(
  backend: InferBackend,
  modelPath: string,
  model: Model,
  options: InferenceOptions,
): Promise<Inference> {
  return backend === 'seal' || backend === 'native'
    ? openEncrypted(backend, modelPath, model, options)
    : Promise.resolve(openLocal(backend, model));
}

/** For no input at all. */
export const idle: Inference = {
  keyBytes: 0,
  predictedSeconds: undefined,
  infer: () => Promise.reject(new InternalError('nothing was opened')),
  peakBytes: peakMemory,
  enginePeakBytes: () => undefined,
  close: () => Promise.resolve(),
};

/** Back ends without keys: exact arithmetic, or exact arithmetic with the noise of CKKS. */
function openLocal(backend: 'simulator' | 'clear', { program }: Model): Inference {
  // The simulator keeps what it made of each constant: they come from memory.
  const simulator =
    backend === 'simulator' ? openSimulator({ ...program, constants: [...program.constants] }, 0) : undefined;
  const run = (input: Tensor, index: number): readonly Tensor[] => {
    if (!simulator) return runClear(program, [input]);
    const result = simulator.run([input], index);
    if (result.kind === 'out-of-range') throw new FhecError([result.diagnostic]);
    return result.outputs;
  };
  return {
    keyBytes: 0,
    predictedSeconds: undefined,
    peakBytes: peakMemory,
    enginePeakBytes: () => undefined,
    infer: (input, index) => {
      const started = performance.now();
      const outputs = run(input, index);
      return Promise.resolve({ outputs, seconds: (performance.now() - started) / 1000 });
    },
    close: () => Promise.resolve(),
  };
}

/** All three roles: keys in a temporary folder that only this user can read and that is removed at the end, also after an error. */
async function openEncrypted(
  backend: 'seal' | 'native',
  modelPath: string,
  model: Model,
  options: InferenceOptions,
): Promise<Inference> {
  const { specification } = model;
  const serverOptions = { backend, ...options.server };
  const budget = requireServer(model, serverOptions);
  const threads = serverOptions.threads ?? availableParallelism();
  const forecast = budget && forecastNative(model.program, budget, threads, options.costs?.native);
  const folder = mkdtempSync(join(tmpdir(), 'fhec-infer-'));
  const clear = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    options.onStage('make keys');
    const keys = await makeKeys(specification, folder);
    const client = await openClient(specification, readSecretKey(keys.secretKeyPath, specification));
    options.signal.throwIfAborted();
    options.onStage('load model and keys');
    const server = await openServer(modelPath, keys.evaluationKeyPath, serverOptions);
    let engineBytes: number | undefined;
    return {
      keyBytes: keys.evaluationKeyBytes,
      predictedSeconds: forecast ?? server.predictedSeconds,
      peakBytes: server.peakBytes,
      enginePeakBytes: () => engineBytes,
      infer: async (input, _index, onProgress) => {
        const ciphertexts = client.encrypt([input]);
        const started = performance.now();
        const { outputs, enginePeakBytes } = await server.run(ciphertexts, { onProgress, signal: options.signal });
        engineBytes = enginePeakBytes;
        return { outputs: client.decrypt(outputs), seconds: (performance.now() - started) / 1000 };
      },
      close: async () => {
        client.close();
        await server.close();
        clear();
      },
    };
  } catch (error) {
    clear();
    throw error;
  }
}
