import { parentPort } from 'node:worker_threads';
import { InternalError } from '../../ir/diagnostics.ts';
import type { Register } from '../../ir/program/program.ts';
import type { ExecuteOptions } from '../execute.ts';
import { failedBy, type Failed } from '../worker-link.ts';
import type { RunFacts, RunRequest, WorkerReply } from './messages.ts';

/** What a run tells the server while it goes on, and asks. */
interface RunLink extends Required<Pick<ExecuteOptions<unknown>, 'onProgress' | 'cancelled'>> {
  /** Hands on a result of the program. */
  readonly output: (register: Register, bytes: Uint8Array) => void;
}

/** Answers one request to run the program. */
export type AnswerRun = (request: RunRequest, link: RunLink) => RunFacts;

/** Progress in smaller steps is not told. */
const leastStep = 0.01;

/**
 * The life of a worker of a server: `open` makes it ready and gives what answers a run; then it answers one request after another, and tells of what fails.
 * `control[0]`: runs up to this number are to stop.
 */
export async function serveRuns(control: Int32Array, open: () => AnswerRun | Promise<AnswerRun>): Promise<void> {
  if (!parentPort) throw new InternalError('the worker was started outside a worker thread');
  const port = parentPort;
  const reply = (message: WorkerReply | Failed): void => port.postMessage(message);
  try {
    const runOnce = await open();
    port.on('message', (request: RunRequest) => {
      const started = performance.now();
      let reported = 0;
      try {
        const facts = runOnce(request, {
          output: (register, bytes) => reply({ kind: 'output', register, bytes }),
          cancelled: () => Atomics.load(control, 0) >= request.run,
          onProgress: (done, instruction) => {
            if (done - reported < leastStep && done < 1) return;
            reported = done;
            reply({ kind: 'progress', done, instruction });
          },
        });
        reply({ kind: 'finished', seconds: (performance.now() - started) / 1000, ...facts });
      } catch (error) {
        reply(failedBy(error));
      }
    });
    reply({ kind: 'ready' });
  } catch (error) {
    reply(failedBy(error));
  }
}
