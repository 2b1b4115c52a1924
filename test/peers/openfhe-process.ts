import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const script = fileURLToPath(new URL('./openfhe_peer.py', import.meta.url));

const readySchema = z.object({ ringDegree: z.number(), secure: z.boolean(), primes: z.number(), digits: z.number() });
const rotationSchema = z.object({ seconds: z.number() });
const bootstrapSchema = z.object({
  seconds: z.number(),
  levelsLeft: z.number(),
  bitsMean: z.number(),
  bitsWorst: z.number(),
});

/** One bootstrap of OpenFHE's, with its precision over all slots. */
export type PeerBootstrap = z.infer<typeof bootstrapSchema>;

export const howToInstall = `OpenFHE was not found. To install it:
  python3.10 -m venv peers && peers/bin/pip install openfhe
  npm run bench:peers -- --python peers/bin/python`;

/** The first of these Pythons that has the package, or undefined. */
export const findPython = (candidates: readonly string[]): string | undefined =>
  candidates.find((python) => spawnSync(python, ['-c', 'import openfhe'], { stdio: 'ignore' }).status === 0);

/** OpenFHE in a process of its own: answers one request at a time. Call `close` when done. */
export class OpenFhe {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  constructor(python: string, logDegree: number, threads: number) {
    this.#child = spawn(python, [script, String(logDegree)], {
      env: { ...process.env, OMP_NUM_THREADS: String(threads) },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  ready(): Promise<z.infer<typeof readySchema>> {
    return this.#answer(readySchema);
  }

  rotate(): Promise<z.infer<typeof rotationSchema>> {
    this.#child.stdin.write('rotate\n');
    return this.#answer(rotationSchema);
  }

  bootstrap(): Promise<PeerBootstrap> {
    this.#child.stdin.write('bootstrap\n');
    return this.#answer(bootstrapSchema);
  }

  close(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }

  async #answer<T>(schema: z.ZodType<T>): Promise<T> {
    const line = await this.#answers.next();
    if (line.done === true) throw new Error('OpenFHE ended without an answer');
    return schema.parse(JSON.parse(line.value));
  }
}
