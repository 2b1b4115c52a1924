import { extname } from 'node:path';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** `.js` in the built package, `.ts` when the sources run directly (tests, scripts): workers run the same kind of file. */
const sourceExtension = extname(new URL(import.meta.url).pathname);

/** Registers the loader for TypeScript in the new thread, then loads the worker itself. Node 20 does not hand loaders on to workers. */
const bootstrap = (url: string): string => `
  import('tsx/esm/api')
    .then(({ register }) => { register(); return import(${JSON.stringify(url)}); })
    .catch((error) => setImmediate(() => { throw error; }));`;

/**
 * Starts the worker in `name` (without extension, relative to `base`, the URL of the module that asks). The built package starts the
 * file itself; sources need a loader.
 */
export function startWorker(base: string, name: string, options: WorkerOptions): Worker {
  const url = new URL(`${name}${sourceExtension}`, base);
  return sourceExtension === '.ts'
    ? new Worker(bootstrap(url.href), { ...options, eval: true })
    : new Worker(url, options);
}
