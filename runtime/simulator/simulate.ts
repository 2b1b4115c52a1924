import { availableParallelism } from 'node:os';
import { fail } from '../../ir/diagnostics.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { WorkerLink } from '../worker-link.ts';
import type { SimulatedImage, SimulateReply, SimulateRequest, SimulatorStart } from './messages.ts';

export interface SimulateOptions {
  /** Equal seeds give equal results, whatever the number of threads. Default 0. */
  readonly seed?: number;
  /** Default: the processor's cores. */
  readonly threads?: number;
  /** Runs so many of the images without noise too. Default 0. */
  readonly withExact?: number;
  /** Called with the number of images done. */
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** Images that a thread takes at a time: they share each constant, and each has its own vectors in memory. */
const batchSize = 16;

/**
 * Runs a compiled model over a data set with CKKS noise, on worker threads that read the model file themselves. `images`: for each image one
 * tensor an input signature. Results in the order of the images. Errors: FHE0701..FHE0703, FHE0601, FHE0802, FHE0903.
 */
export async function simulate(
  modelPath: string,
  images: Iterable<readonly Tensor[]>,
  options: SimulateOptions = {},
): Promise<SimulatedImage[]> {
  const { seed = 0, threads = availableParallelism(), withExact = 0, onProgress, signal } = options;
  const workerData: SimulatorStart = { modelPath, seed, withExact };
  const links = Array.from(
    { length: Math.max(1, threads) },
    () => new WorkerLink<SimulateRequest, SimulateReply>(import.meta.url, './worker', { workerData }),
  );
  const iterator = images[Symbol.iterator]();
  const results: SimulatedImage[] = [];
  let taken = 0;
  let done = 0;
  const nextBatch = (): SimulateRequest => {
    const batch: (readonly Tensor[])[] = [];
    const first = taken;
    for (let next; batch.length < batchSize && !(next = iterator.next()).done; taken++) batch.push(next.value);
    return { first, batch };
  };
  const work = async (link: (typeof links)[number]): Promise<void> => {
    await link.converse(undefined, 'ready');
    for (let request = nextBatch(); request.batch.length > 0; request = nextBatch()) {
      if (signal?.aborted) fail('FHE0802', `stopped after ${done} images`);
      await link.converse(request, 'results', (reply) => {
        if (reply.kind === 'results') reply.results.forEach((r, i) => (results[request.first + i] = r));
      });
      done += request.batch.length;
      onProgress?.(done);
    }
  };
  try {
    await Promise.all(links.map(work));
    return results;
  } finally {
    await Promise.all(links.map((link) => link.terminate()));
  }
}
