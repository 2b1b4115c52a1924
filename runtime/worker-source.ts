import { extname } from 'node:path';
import type { WorkerOptions } from 'node:worker_threads';

/** `.js` in the built package, `.ts` when the sources run directly (tests, scripts): workers are started from the same kind of file. */
export const sourceExtension = extname(new URL(import.meta.url).pathname);

/** Sources need a loader in the worker; the built package needs nothing. */
export const workerOptions: Pick<WorkerOptions, 'execArgv'> =
  sourceExtension === '.ts' ? { execArgv: ['--import', 'tsx'] } : {};
