import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Specification } from '../ir/program/schema.ts';
import type { Tensor } from '../ir/tensor.ts';
import { generateKeys, readSecretKey } from '../runtime/client/keys.ts';
import { openClient } from '../runtime/client/session.ts';
import type { ServerOptions } from '../runtime/server/session.ts';
import { startServerProcess } from '../samples/e2e/server-client.ts';

/** What a server did with one image. */
export interface EncryptedRun {
  readonly logits: Float64Array;
  readonly seconds: number;
  /** Of the processor, over all threads. */
  readonly cpuSeconds: number;
}

export interface EncryptedRuns {
  readonly runs: readonly EncryptedRun[];
  readonly keygenSeconds: number;
  readonly keyBytes: number;
  /** To load model and keys. */
  readonly setupSeconds: number;
  /** The most memory of the server's process, and of its engine. */
  readonly peakBytes: number;
  readonly enginePeakBytes: number;
}

const since = (began: number): number => (performance.now() - began) / 1000;

/** Keys, client and server of a model in a temporary folder; the server is a process of its own, and one lives at a time. */
export class EncryptedModel {
  readonly #folder = mkdtempSync(join(tmpdir(), 'fhec-bench-'));
  readonly #modelPath: string;
  readonly #specification: Specification;
  #keys:
    | { readonly secretPath: string; readonly path: string; readonly bytes: number; readonly seconds: number }
    | undefined;

  constructor(modelPath: string, specification: Specification) {
    this.#modelPath = modelPath;
    this.#specification = specification;
  }

  /** Answers images one after another on a fresh server. */
  async answer(
    images: readonly Tensor[],
    options: ServerOptions,
    onImage: (index: number, run: EncryptedRun) => void,
  ): Promise<EncryptedRuns> {
    const keys = (this.#keys ??= await this.#makeKeys());
    const client = await openClient(this.#specification, readSecretKey(keys.secretPath, this.#specification));
    const server = await startServerProcess(this.#modelPath, keys.path, options);
    try {
      const runs: EncryptedRun[] = [];
      for (const [index, image] of images.entries()) {
        const { outputs, seconds, cpuSeconds } = await server.run(client.encrypt([image]));
        const run = { logits: client.decrypt(outputs)[0].data, seconds, cpuSeconds };
        runs.push(run);
        onImage(index, run);
      }
      const { setupSeconds } = server;
      const [peakBytes, enginePeakBytes] = [server.peakBytes(), server.enginePeakBytes()];
      return { runs, keygenSeconds: keys.seconds, keyBytes: keys.bytes, setupSeconds, peakBytes, enginePeakBytes };
    } finally {
      client.close();
      await server.close();
    }
  }

  /** Removes the keys. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #makeKeys() {
    const began = performance.now();
    const made = await generateKeys(this.#specification, join(this.#folder, 'client'));
    const seconds = since(began);
    const server = join(this.#folder, 'server');
    mkdirSync(server);
    const path = join(server, 'eval.keys');
    copyFileSync(made.evaluationKeyPath, path);
    return { secretPath: made.secretKeyPath, path, bytes: made.evaluationKeyBytes, seconds };
  }
}
