import type { Worker, WorkerOptions } from 'node:worker_threads';
import { diagnostic, FhecError, InternalError, type Diagnostic } from '../ir/diagnostics.ts';
import { startWorker } from './worker-source.ts';

/** What every worker can answer beside its own replies. */
export interface Failed {
  readonly kind: 'failed';
  readonly diagnostics: readonly Diagnostic[];
}

interface Conversation<Reply> {
  readonly last: string;
  readonly onReply: (reply: Reply) => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A worker thread that answers one request at a time. A worker that dies rejects the conversation under way and every later one:
 * nothing waits for a thread that is gone.
 */
export class WorkerLink<Request, Reply extends { readonly kind: string }> {
  readonly #worker: Worker;
  #conversation: Conversation<Reply> | undefined;
  #death: FhecError | undefined;

  /** `base`, `name`: as {@link startWorker}. */
  constructor(base: string, name: string, options: WorkerOptions) {
    this.#worker = startWorker(base, name, options);
    this.#worker.on('message', (reply: Reply | Failed) => this.#hear(reply));
    this.#worker.on('error', (error) => this.#die(deathBy(error)));
    this.#worker.on('exit', () =>
      this.#die(new FhecError([diagnostic('FHE0801', 'a worker thread ended before its answer')])),
    );
  }

  /** Resolves at the reply of kind `last`; every reply goes through `onReply`. Rejects when the worker fails or dies. */
  converse(
    request: Request | undefined,
    last: Reply['kind'],
    onReply: (reply: Reply) => void = () => undefined,
  ): Promise<void> {
    if (this.#conversation) throw new InternalError('a worker was asked while it answers another request');
    if (this.#death) return Promise.reject(this.#death);
    return new Promise((resolve, reject) => {
      this.#conversation = { last, onReply, resolve, reject };
      if (request !== undefined) this.#worker.postMessage(request);
    });
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #hear(reply: Reply | Failed): void {
    const now = this.#conversation;
    if (!now) return;
    if (isFailed(reply)) {
      this.#conversation = undefined;
      now.reject(new FhecError(reply.diagnostics));
      return;
    }
    try {
      now.onReply(reply);
    } catch (error) {
      this.#conversation = undefined;
      now.reject(error);
      return;
    }
    if (reply.kind === now.last) {
      this.#conversation = undefined;
      now.resolve();
    }
  }

  #die(death: FhecError): void {
    this.#death ??= death;
    const now = this.#conversation;
    this.#conversation = undefined;
    now?.reject(this.#death);
  }
}

const isFailed = (reply: { readonly kind: string }): reply is Failed => reply.kind === 'failed';

function deathBy(error: unknown): FhecError {
  if (error instanceof FhecError) return error;
  const outOfMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return new FhecError([
    outOfMemory ? diagnostic('FHE0805', 'a worker thread ran out of memory') : diagnostic('FHE9901', describe(error)),
  ]);
}

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** What a worker replies when it caught `error`. */
export function failedBy(error: unknown): Failed {
  return {
    kind: 'failed',
    diagnostics: error instanceof FhecError ? error.diagnostics : [diagnostic('FHE9901', describe(error))],
  };
}
