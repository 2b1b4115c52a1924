import { availableParallelism } from 'node:os';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { fail, FhecError } from '../../ir/diagnostics.ts';
import { readContainer } from '../../ir/program/container.ts';
import { readModel, type Model } from '../../ir/program/model-file.ts';
import type { Register } from '../../ir/program/program.ts';
import { openEvaluationKeys } from '../files/evaluation-keys.ts';
import { openFile } from '../files/files.ts';
import type { CiphertextLabel } from '../files/ciphertexts.ts';
import { sourceExtension, workerOptions } from '../worker-source.ts';
import type { RunRequest, WorkerReply, WorkerStart } from './messages.ts';
import { partition } from './partition.ts';
import { refuseSecrets } from './refuse-secrets.ts';

export interface ServerOptions {
  /** Worker threads; default: the processor's cores, at most 2 (each holds its own keys). */
  readonly threads?: number;
  /** Bytes of encoded weights kept from run to run, over all threads. Default 512 MiB. */
  readonly plaintextBudget?: number;
}

export interface RunOptions {
  /** Share of the work done, 0 to 1, and the ONNX node at work. */
  readonly onProgress?: (done: number, node: string) => void;
  readonly signal?: AbortSignal;
}

/** The server: model and evaluation keys, no secret. One run at a time. */
export interface ServerSession {
  readonly model: Model;
  readonly label: (role: CiphertextLabel['role']) => CiphertextLabel;
  /** The predicted seconds of one run on these threads. */
  readonly predictedSeconds: number;
  /** Serialized input ciphertexts -> serialized output ciphertexts. Errors: FHE0702, FHE0801, FHE0802, FHE0805. */
  readonly run: (inputs: readonly Uint8Array[], options?: RunOptions) => Promise<Uint8Array[]>;
  readonly close: () => Promise<void>;
}

/** Handing a ciphertext to another thread: measured 2 to 4 ms at N = 2^14 with 10 primes, save and load. */
const transferSeconds = 0.005;

/** Opens a model with evaluation keys. Errors: FHE0701..FHE0707, FHE0601, FHE0705 when a secret key lies among the files. */
export async function openServer(
  modelPath: string,
  keysPath: string,
  options: ServerOptions = {},
): Promise<ServerSession> {
  refuseSecrets(modelPath, keysPath);
  const model = withFile(modelPath, (file) => readModel(readContainer(file, 'model')));
  const key = withFile(keysPath, (file) => openEvaluationKeys(file, model.fingerprint).keyFingerprint);
  const threads = Math.max(1, options.threads ?? Math.min(2, availableParallelism()));
  const shares = partition(model.program, threads, transferSeconds);
  const control = new Int32Array(new SharedArrayBuffer(4 * (1 + threads)));
  const ports = meshOfPorts(threads);
  const workers = ports.map((peers, worker) => {
    const workerData: WorkerStart = {
      modelPath,
      keysPath,
      worker,
      workerOf: shares.workerOf,
      peers,
      control,
      plaintextBudget: (options.plaintextBudget ?? 512 * 2 ** 20) / threads,
    };
    const transferList = peers.filter((p): p is MessagePort => p !== undefined);
    return new Worker(new URL(`./worker${sourceExtension}`, import.meta.url), {
      ...workerOptions,
      workerData,
      transferList,
    });
  });
  const close = async (): Promise<void> => void (await Promise.all(workers.map((w) => w.terminate())));
  try {
    await Promise.all(workers.map(untilReady));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    model,
    label: (role) => ({ specification: model.fingerprint, key, role }),
    predictedSeconds: shares.seconds,
    run: (inputs, runOptions = {}) => run(model, workers, control, inputs, runOptions),
    close,
  };
}

async function run(
  model: Model,
  workers: readonly Worker[],
  control: Int32Array,
  inputs: readonly Uint8Array[],
  options: RunOptions,
): Promise<Uint8Array[]> {
  Atomics.store(control, 0, 0);
  const stop = (): void => {
    Atomics.store(control, 0, 1);
    workers.forEach((_, w) => Atomics.notify(control, 1 + w));
  };
  options.signal?.throwIfAborted();
  options.signal?.addEventListener('abort', stop);
  const outputs = new Map<Register, Uint8Array>();
  const done = new Float64Array(workers.length);
  try {
    const settled = await Promise.allSettled(
      workers.map((worker, w) =>
        converse(worker, { inputs }, (reply) => {
          if (reply.kind === 'output') outputs.set(reply.register, reply.bytes);
          if (reply.kind !== 'progress') return;
          done[w] = reply.done;
          const node = model.program.nodes[model.program.nodeOf[reply.instruction]] ?? '';
          options.onProgress?.(done.reduce((s, d) => s + d, 0) / workers.length, node);
        }).catch((error: unknown) => {
          stop();
          throw error;
        }),
      ),
    );
    const failures = settled.flatMap((s) => (s.status === 'rejected' ? [s.reason as unknown] : []));
    // When one worker fails the others are stopped: the cause is the failure that is not the stop.
    const cause = failures.find((e) => !(e instanceof FhecError && e.diagnostics[0].code === 'FHE0802')) ?? failures[0];
    if (cause !== undefined) throw cause;
    const registers = model.program.outputs.flatMap((o) => o.registers);
    return registers.map((r) => outputs.get(r) ?? fail('FHE0801', `no worker made the result in register ${r}`));
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
}

function withFile<T>(path: string, read: (file: ReturnType<typeof openFile>) => T): T {
  const file = openFile(path);
  try {
    return read(file);
  } finally {
    file.close();
  }
}

/** ports[a][b] talks to ports[b][a]. */
function meshOfPorts(count: number): (MessagePort | undefined)[][] {
  const ports = Array.from({ length: count }, () => new Array<MessagePort | undefined>(count).fill(undefined));
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count; b++) {
      const { port1, port2 } = new MessageChannel();
      ports[a][b] = port1;
      ports[b][a] = port2;
    }
  }
  return ports;
}

function untilReady(worker: Worker): Promise<void> {
  return listen(worker, 'ready', () => undefined);
}

function converse(worker: Worker, request: RunRequest, onReply: (reply: WorkerReply) => void): Promise<void> {
  const answered = listen(worker, 'finished', onReply);
  worker.postMessage(request);
  return answered;
}

/** Resolves at the reply of kind `last`; rejects when the worker fails, throws or ends. */
function listen(worker: Worker, last: WorkerReply['kind'], onReply: (reply: WorkerReply) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
      action();
    };
    const onMessage = (reply: WorkerReply): void => {
      onReply(reply);
      if (reply.kind === last) settle(resolve);
      if (reply.kind === 'failed') settle(() => reject(new FhecError(reply.diagnostics)));
    };
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (): void => settle(() => reject(new Error('a worker ended before its answer')));
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
  });
}
