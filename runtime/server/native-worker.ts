import { workerData } from 'node:worker_threads';
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
import { KeyCache, keyUses } from './key-cache.ts';
import type { NativeWorkerStart } from './messages.ts';
import { nativeKeyBytes } from './native-memory.ts';
import { serveRuns, type AnswerRun } from './serve-runs.ts';

/** The one worker of a native server: runs whole programs, on an engine that has threads of its own. */
const start = workerData as NativeWorkerStart;

/** Loads model and keys. */
function open(): AnswerRun {
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

  return ({ inputs: bytes }, { output, cancelled, onProgress }) => {
    const held: Handle[] = [];
    cache.startRun();
    try {
      bytes.forEach((b, r) => held.push(takeCiphertext(engine, parameters, b, types[r])));
      const runner = { engine, backend, keys, plaintexts };
      const results = runFused(program, steps, runner, held.slice(), { cancelled, onProgress });
      held.push(...results);
      results.forEach((cipher, i) => output(registers[i], giveCiphertext(engine, parameters, cipher)));
    } finally {
      // An input that is a result, and a result that is two, have one handle.
      for (const cipher of new Set(held)) engine.release(cipher);
    }
    return { waitedSeconds: 0, enginePeakBytes: engine.peakBytes() };
  };
}

await serveRuns(start.control, open);
