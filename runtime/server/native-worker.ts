import { parentPort, workerData } from 'node:worker_threads';
import { InternalError } from '../../ir/diagnostics.ts';
import { readContainer } from '../../ir/program/container.ts';
import { readModel } from '../../ir/program/model-file.ts';
import {
  conjugationSection,
  galoisSection,
  openEvaluationKeys,
  relinearizationSection,
  secretSwitchSection,
} from '../files/evaluation-keys.ts';
import { openFile, withFile } from '../files/files.ts';
import { nativeBackend } from '../native/backend.ts';
import { fuseProgram } from '../native/fuse.ts';
import { keyedBy, type Automorphism } from '../native/fused-steps.ts';
import { loadKey } from '../native/keys.ts';
import { openNative, type Handle } from '../native/library.ts';
import { plaintextBytes } from '../native/plaintext-bytes.ts';
import { PlaintextStore } from '../native/plaintext-store.ts';
import { runFused } from '../native/run-fused.ts';
import { giveCiphertext, takeCiphertext } from '../native/transfer.ts';
import { failedBy, type Failed } from '../worker-link.ts';
import { KeyCache, keyUses } from './key-cache.ts';
import type { NativeWorkerStart, RunRequest, WorkerReply } from './messages.ts';
import { nativeKeyBytes } from './native-memory.ts';

/** The one worker of a native server: runs whole programs, on an engine that has threads of its own. */
const start = workerData as NativeWorkerStart;

if (!parentPort) throw new InternalError('the worker was started outside a worker thread');
const port = parentPort;

const reply = (message: WorkerReply | Failed): void => port.postMessage(message);

function serve(): void {
  const { program, fingerprint } = readModel(
    // The file stays open until the thread ends.
    readContainer(openFile(start.modelPath), 'model'),
    'in-file',
  );
  const { parameters } = program;
  const engine = openNative(parameters, { threads: start.threads, memoryBudget: start.budget.engine });
  const bytesOf = plaintextBytes(program);
  const steps = fuseProgram(program, start.budget.fusion, bytesOf);
  const keyBytes = nativeKeyBytes(program);
  const cache = new KeyCache<Handle>(
    keyUses(steps.flatMap(({ call }) => keyedBy(call))),
    start.budget.keys,
    (read) => withFile(start.keysPath, (file) => read(openEvaluationKeys(file, fingerprint))),
    {
      load: (file, section) => loadKey(engine, program, file, section),
      bytesOf: (section) => keyBytes.get(section) ?? 0,
      release: (key) => engine.release(key),
    },
  );
  const keys = {
    relinearization: () => cache.take([relinearizationSection])[0],
    rotation: (steps: number) => cache.take([galoisSection(steps)])[0],
    conjugation: () => cache.take([conjugationSection])[0],
    secret: (to: 'sparse' | 'dense') => cache.take([secretSwitchSection(to)])[0],
    automorphisms: (instructions: readonly Automorphism[]) => cache.take(keyUses(instructions)),
  };
  const backend = nativeBackend(engine, keys);
  const plaintexts = new PlaintextStore(engine, program, steps, start.budget.plaintexts, bytesOf);
  const types = program.inputs.flatMap((signature) => signature.registers.map(() => signature));
  const registers = program.outputs.flatMap((output) => output.registers);

  const runOnce = ({ run, inputs: bytes }: RunRequest): void => {
    const started = performance.now();
    const held: Handle[] = [];
    let reported = 0;
    cache.startRun();
    try {
      bytes.forEach((b, r) => held.push(takeCiphertext(engine, parameters, b, types[r])));
      const results = runFused(program, steps, { engine, backend, keys, plaintexts }, held.slice(), {
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
