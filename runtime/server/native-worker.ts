import { parentPort, workerData } from 'node:worker_threads';
import { InternalError } from '../../ir/diagnostics.ts';
import { readContainer } from '../../ir/program/container.ts';
import { readModel } from '../../ir/program/model-file.ts';
import { execute } from '../execute.ts';
import {
  conjugationSection,
  galoisSection,
  openEvaluationKeys,
  relinearizationSection,
  secretSwitchSection,
} from '../files/evaluation-keys.ts';
import { withFile } from '../files/files.ts';
import { nativeBackend } from '../native/backend.ts';
import { loadKey } from '../native/keys.ts';
import { openNative, type Handle } from '../native/library.ts';
import { giveCiphertext, takeCiphertext } from '../native/transfer.ts';
import { withPlaintextCache } from '../plaintext-cache.ts';
import { failedBy, type Failed } from '../worker-link.ts';
import { KeyCache, keyUses } from './key-cache.ts';
import type { NativeWorkerStart, RunRequest, WorkerReply } from './messages.ts';

/** The one worker of a native server: runs whole programs, on an engine that has threads of its own. */
const start = workerData as NativeWorkerStart;

if (!parentPort) throw new InternalError('the worker was started outside a worker thread');
const port = parentPort;

const reply = (message: WorkerReply | Failed): void => port.postMessage(message);

function serve(): void {
  const { program, fingerprint } = withFile(start.modelPath, (file) => readModel(readContainer(file, 'model')));
  const { parameters } = program;
  const engine = openNative(parameters, { threads: start.threads, memoryBudget: start.budget.engine });
  const cache = new KeyCache<Handle>(
    keyUses(program.instructions),
    start.budget.keys,
    (read) => withFile(start.keysPath, (file) => read(openEvaluationKeys(file, fingerprint))),
    {
      load: (file, section) => loadKey(engine, program, file, section),
      release: (key) => engine.release(key),
    },
  );
  const keys = {
    relinearization: () => cache.take(relinearizationSection),
    rotation: (steps: number) => cache.take(galoisSection(steps)),
    conjugation: () => cache.take(conjugationSection),
    secret: (to: 'sparse' | 'dense') => cache.take(secretSwitchSection(to)),
  };
  const { backend } = withPlaintextCache(nativeBackend(engine, keys), start.budget.plaintexts, (level, vector) =>
    // A number for every slot is one word a prime.
    vector.length === 1 ? 8 * (level + 1) : 8 * parameters.ringDegree * (level + 1),
  );
  const types = program.inputs.flatMap((signature) => signature.registers.map(() => signature));
  const registers = program.outputs.flatMap((output) => output.registers);

  const runOnce = ({ run, inputs: bytes }: RunRequest): void => {
    const started = performance.now();
    const held: Handle[] = [];
    let reported = 0;
    cache.startRun();
    try {
      bytes.forEach((b, r) => held.push(takeCiphertext(engine, parameters, b, types[r])));
      const results = execute(program, backend, held.slice(), {
        cancelled: () => Atomics.load(start.control, 0) >= run,
        onProgress: (done, instruction) => {
          if (done - reported < 0.01 && done < 1) return;
          reported = done;
          reply({ kind: 'progress', done, instruction });
        },
      });
      held.push(...results);
      results.forEach((cipher, i) =>
        reply({ kind: 'output', register: registers[i], bytes: giveCiphertext(engine, parameters, cipher) }),
      );
    } finally {
      // An input that is a result, and a result that is two, have one handle.
      for (const cipher of new Set(held)) engine.release(cipher);
    }
    const seconds = (performance.now() - started) / 1000;
    reply({ kind: 'finished', seconds, waitedSeconds: 0, enginePeakBytes: engine.peakBytes() });
  };

  port.on('message', (request: RunRequest) => {
    try {
      runOnce(request);
    } catch (error) {
      reply(failedBy(error));
    }
  });
  reply({ kind: 'ready' });
}

try {
  serve();
} catch (error) {
  reply(failedBy(error));
}
