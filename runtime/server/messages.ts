import type { MessagePort } from 'node:worker_threads';
import type { Register } from '../../ir/program/program.ts';
import type { NativeBudget } from './native-memory.ts';

/** What a worker is started with. */
export interface WorkerStart {
  readonly modelPath: string;
  readonly keysPath: string;
  readonly worker: number;
  readonly workerOf: Int32Array;
  /** One port to each other worker, by its number; the own place is empty. */
  readonly peers: readonly (MessagePort | undefined)[];
  /** [0]: runs up to this number are to stop. [1 + w]: counts what was sent to worker w, so that it can sleep until the next arrives. */
  readonly control: Int32Array;
  /** Bytes of encoded weights that the worker may keep from run to run. */
  readonly plaintextBudget: number;
  /** Bytes of evaluation keys to hold at a time. */
  readonly keyBudget: number;
}

/** What the one worker of a native server is started with. */
export interface NativeWorkerStart {
  readonly modelPath: string;
  readonly keysPath: string;
  /** [0]: runs up to this number are to stop. */
  readonly control: Int32Array;
  /** Threads of the engine. */
  readonly threads: number;
  readonly budget: NativeBudget;
}

/** Server to worker: run once on these input ciphertexts. Runs are numbered from 1. */
export interface RunRequest {
  readonly run: number;
  readonly inputs: readonly Uint8Array[];
}

/** Worker to worker: a ciphertext that the other needs in this run. */
export interface Handover {
  readonly run: number;
  readonly register: Register;
  readonly bytes: Uint8Array;
}

/** What a worker knows of a run when it is over. */
export interface RunFacts {
  /** It waited for other workers. */
  readonly waitedSeconds: number;
  /** The most bytes that the native engine ever held. */
  readonly enginePeakBytes?: number;
}

/** Worker to server, beside `Failed`. */
export type WorkerReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly done: number; readonly instruction: number }
  | { readonly kind: 'output'; readonly register: Register; readonly bytes: Uint8Array }
  | ({ readonly kind: 'finished'; readonly seconds: number } & RunFacts);
