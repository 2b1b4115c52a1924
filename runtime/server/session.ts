import { availableParallelism } from 'node:os';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { fitsSeal } from '../../ir/ckks/parameters.ts';
import { fail, FhecError } from '../../ir/diagnostics.ts';
import { readContainer } from '../../ir/program/container.ts';
import { readModel, type Model } from '../../ir/program/model-file.ts';
import type { Register } from '../../ir/program/program.ts';
import { inputCount } from '../execute.ts';
import type { CiphertextLabel } from '../files/ciphertexts.ts';
import { openEvaluationKeys } from '../files/evaluation-keys.ts';
import { openFile, withFile } from '../files/files.ts';
import { WorkerLink } from '../worker-link.ts';
import { peakMemory } from '../peak-memory.ts';
import { loadNative } from '../native/library.ts';
import { requireSeal } from '../seal/require-seal.ts';
import type { NativeWorkerStart, RunRequest, WorkerReply, WorkerStart } from './messages.ts';
import { machineMemory, threadBudgets } from './budgets.ts';
import { nativeBudget, type NativeBudget } from './native-memory.ts';
import { partition } from './partition.ts';
import { refuseSecrets } from './refuse-secrets.ts';

export interface ServerOptions {
  /** Who computes: SEAL, or the native engine where it was built. Default `seal`. */
  readonly backend?: 'seal' | 'native';
  /** Threads. Default: the processor's cores; for SEAL, whose threads each hold their own keys, at most 2. */
  readonly threads?: number;
  /** Bytes of encoded weights kept from run to run, over all threads, at most. Default 512 MiB. */
  readonly plaintextBudget?: number;
  /** Bytes of evaluation keys that each thread holds at a time, at most; others are read from the file when needed. Default: all that the memory takes. */
  readonly keyBudget?: number;
  /** Bytes that SEAL's threads or the native engine may take for everything; what cannot fit is refused (FHE0805). Default: what the machine has. */
  readonly memoryBudget?: number;
}

export interface RunOptions {
  /** Share of the work done, 0 to 1, and the ONNX node at work. */
  readonly onProgress?: (done: number, node: string) => void;
  readonly signal?: AbortSignal;
}

/** What the threads did in one run. */
export interface RunResult {
  /** Serialized ciphertexts of all outputs, in the order of the signatures. */
  readonly outputs: readonly Uint8Array[];
  /** Wall-clock seconds of each thread, and how many of them it waited for others. */
  readonly threads: readonly { readonly seconds: number; readonly waitedSeconds: number }[];
  /** The most bytes that the native engine held so far: ciphertexts, weights, keys and intermediate results. */
  readonly enginePeakBytes?: number;
}

/** The server: model and evaluation keys, no secret. Runs asked for at the same time follow one another. */
export interface ServerSession {
  /** Its constants can be read until `close`. */
  readonly model: Model;
  readonly label: (role: CiphertextLabel['role']) => CiphertextLabel;
  /** The predicted seconds of one run on these threads; undefined on the native engine for programs that SEAL can run, since they may be priced for SEAL. */
  readonly predictedSeconds: number | undefined;
  /** Serialized input ciphertexts -> outputs. After a failed or stopped run the session can run again. Errors: FHE0702, FHE0801, FHE0802, FHE0803, FHE0805. */
  readonly run: (inputs: readonly Uint8Array[], options?: RunOptions) => Promise<RunResult>;
  /** The most memory that this process held so far, in bytes (resident set). */
  readonly peakBytes: () => number;
  readonly close: () => Promise<void>;
}

type Link = WorkerLink<RunRequest, WorkerReply>;

/** Handing a ciphertext to another thread: measured 2 to 4 ms at N = 2^14 with 10 primes, save and load. */
const transferSeconds = 0.005;

/** Workers that start up: each says `ready`. `control` as in their start message. */
interface Workers {
  readonly links: readonly Link[];
  readonly control: Int32Array;
  readonly predictedSeconds: number | undefined;
}

/** How SEAL's threads share a program and the memory. */
function planSeal({ program }: Model, options: ServerOptions) {
  requireSeal(program.parameters);
  const threads = options.threads ?? Math.min(2, availableParallelism());
  const shares = partition(program, threads, transferSeconds);
  return { threads, shares, budgets: threadBudgets(program, shares.workerOf, threads, options, machineMemory()) };
}

/** How the native engine shares the memory. */
function planNative({ program }: Model, options: ServerOptions) {
  loadNative();
  return nativeBudget(program, options);
}

/**
 * Asks what can be known without keys, which are long in the making. Returns how the native engine would share the memory. Errors: FHE0804 for a back end that
 * is not there or cannot run the program, FHE0805.
 */
export function requireServer(model: Model, options: ServerOptions): NativeBudget | undefined {
  if (options.backend === 'native') return planNative(model, options);
  planSeal(model, options);
  return undefined;
}

/** One worker a thread, each with its share of the program. */
function startSeal(modelPath: string, keysPath: string, model: Model, options: ServerOptions): Workers {
  const { threads, shares, budgets } = planSeal(model, options);
  const control = new Int32Array(new SharedArrayBuffer(4 * (1 + threads)));
  const links = meshOfPorts(threads).map((peers, worker) => {
    const workerData: WorkerStart = {
      modelPath,
      keysPath,
      worker,
      workerOf: shares.workerOf,
      peers,
      control,
      plaintextBudget: budgets[worker].plaintexts,
      keyBudget: budgets[worker].keys,
    };
    const transferList = peers.filter((p): p is MessagePort => p !== undefined);
    return new WorkerLink<RunRequest, WorkerReply>(import.meta.url, './worker', { workerData, transferList });
  });
  return { links, control, predictedSeconds: shares.seconds };
}

/** One worker for the whole program: the engine has threads of its own. Errors: FHE0804 where there is no engine. */
function startNative(modelPath: string, keysPath: string, model: Model, options: ServerOptions): Workers {
  const budget = planNative(model, options);
  const control = new Int32Array(new SharedArrayBuffer(8));
  const workerData: NativeWorkerStart = {
    modelPath,
    keysPath,
    control,
    threads: options.threads ?? availableParallelism(),
    budget,
  };
  const link = new WorkerLink<RunRequest, WorkerReply>(import.meta.url, './native-worker', { workerData });
  const { parameters, seconds } = model.program;
  return {
    links: [link],
    control,
    predictedSeconds: fitsSeal(parameters) ? undefined : seconds.reduce((a, b) => a + b, 0),
  };
}

/** Opens a model with evaluation keys. Errors: FHE0701..FHE0707, FHE0601, FHE0705 when a secret key lies among the files, FHE0804 without the native engine, FHE0805 when the memory does not suffice. */
export async function openServer(
  modelPath: string,
  keysPath: string,
  options: ServerOptions = {},
): Promise<ServerSession> {
  refuseSecrets(modelPath, keysPath);
  const file = openFile(modelPath);
  const links: Link[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(links.map((link) => link.terminate()));
    file.close();
  };
  try {
    const model = readModel(readContainer(file, 'model'), 'in-file');
    const key = withFile(keysPath, (keys) => openEvaluationKeys(keys, model.fingerprint).keyFingerprint);
    const start = options.backend === 'native' ? startNative : startSeal;
    const { control, predictedSeconds, ...workers } = start(modelPath, keysPath, model, options);
    links.push(...workers.links);
    await Promise.all(links.map((link) => link.converse(undefined, 'ready')));
    let number = 0;
    let last: Promise<unknown> = Promise.resolve();
    return {
      model,
      label: (role) => ({ specification: model.fingerprint, key, role }),
      predictedSeconds,
      run: (inputs, runOptions = {}) => {
        const result = last.then(() => runOnce(model, links, control, { run: ++number, inputs }, runOptions));
        last = result.catch(() => undefined);
        return result;
      },
      peakBytes: peakMemory,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function runOnce(
  model: Model,
  links: readonly Link[],
  control: Int32Array,
  request: RunRequest,
  { signal, onProgress }: RunOptions,
): Promise<RunResult> {
  const { program } = model;
  const inputs = inputCount(program);
  if (request.inputs.length !== inputs) {
    fail('FHE0702', `${request.inputs.length} ciphertexts given, the model takes ${inputs}`);
  }
  if (signal?.aborted) fail('FHE0802', 'stopped before the run began');
  const stop = (): void => {
    Atomics.store(control, 0, request.run);
    links.forEach((_, w) => Atomics.notify(control, 1 + w));
  };
  signal?.addEventListener('abort', stop);
  // A result that is an input itself is made by no worker.
  const outputs = new Map<Register, Uint8Array>(request.inputs.map((bytes, r) => [r, bytes]));
  const done = new Float64Array(links.length);
  const threads = links.map(() => ({ seconds: 0, waitedSeconds: 0 }));
  let enginePeakBytes: number | undefined;
  const hear = (w: number, reply: WorkerReply): void => {
    if (reply.kind === 'output') outputs.set(reply.register, reply.bytes);
    if (reply.kind === 'finished') {
      threads[w] = { seconds: reply.seconds, waitedSeconds: reply.waitedSeconds };
      ({ enginePeakBytes } = reply);
    }
    if (reply.kind !== 'progress') return;
    done[w] = reply.done;
    const node = program.nodes.at(program.nodeOf[reply.instruction]);
    onProgress?.(done.reduce((s, d) => s + d, 0) / links.length, node ?? '');
  };
  try {
    const settled = await Promise.allSettled(
      links.map((link, w) =>
        link
          .converse(request, 'finished', (reply) => hear(w, reply))
          .catch((error: unknown) => {
            stop();
            throw error;
          }),
      ),
    );
    const failures = settled.flatMap((s) => (s.status === 'rejected' ? [s.reason as Error] : []));
    // When one worker fails the others are stopped: the cause is the failure that is not the stop.
    const cause = failures.find((e) => !(e instanceof FhecError && e.diagnostics[0].code === 'FHE0802')) ?? failures[0];
    if (cause !== undefined) throw cause;
    const registers = program.outputs.flatMap((o) => o.registers);
    return {
      outputs: registers.map((r) => outputs.get(r) ?? fail('FHE0801', `no worker made the result in register ${r}`)),
      threads,
      ...(enginePeakBytes === undefined ? {} : { enginePeakBytes }),
    };
  } finally {
    signal?.removeEventListener('abort', stop);
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
