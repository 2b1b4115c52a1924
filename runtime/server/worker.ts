import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { fail, InternalError } from '../../ir/diagnostics.ts';
import { readContainer } from '../../ir/program/container.ts';
import { readModel } from '../../ir/program/model-file.ts';
import type { Program, Register } from '../../ir/program/program.ts';
import { execute, inputCount } from '../execute.ts';
import { loadCiphertext, saveCiphertext } from '../files/ciphertexts.ts';
import { openEvaluationKeys } from '../files/evaluation-keys.ts';
import { withFile } from '../files/files.ts';
import { withPlaintextCache } from '../plaintext-cache.ts';
import { sealBackend } from '../seal/backend.ts';
import { guard, openSeal, type CipherText, type Seal } from '../seal/library.ts';
import { newCipherText } from '../seal/pools.ts';
import { ownedInstructions } from './partition.ts';
import { keyUses } from './key-cache.ts';
import { ResidentKeys } from './resident-keys.ts';
import type { Handover, WorkerStart } from './messages.ts';
import { serveRuns, type AnswerRun } from './serve-runs.ts';

/** One worker of a server: holds SEAL, its share of the evaluation keys, and runs its share of the program on request. */
const start = workerData as WorkerStart;

/** For each register the other workers that need it, and whether it is a result of the program. */
function destinations(program: Program): Map<Register, Set<number>> {
  const inputs = inputCount(program);
  const wanted = new Map<Register, Set<number>>();
  program.instructions.forEach((instruction, at) => {
    if (instruction.op === 'encode') return;
    for (const r of instruction.args) {
      if (r < inputs || start.workerOf[r - inputs] !== start.worker || start.workerOf[at] === start.worker) continue;
      wanted.set(r, (wanted.get(r) ?? new Set()).add(start.workerOf[at]));
    }
  });
  return wanted;
}

/** Loads model and keys. */
async function open(): Promise<AnswerRun> {
  const model = withFile(start.modelPath, (file) => readModel(readContainer(file, 'model')));
  const { program } = model;
  const inputs = inputCount(program);
  const seal = await openSeal(program.parameters);
  const owned = ownedInstructions(program, start.workerOf, start.worker);
  const mine = program.instructions.filter((_, at) => owned[at]);
  const keys = new ResidentKeys(
    seal,
    (read) => withFile(start.keysPath, (file) => read(openEvaluationKeys(file, model.fingerprint))),
    keyUses(mine),
    start.keyBudget,
  );
  const { backend } = withPlaintextCache(
    sealBackend(seal, keys),
    start.plaintextBudget,
    (level) => 8 * program.parameters.ringDegree * (level + 1),
  );
  const wanted = destinations(program);
  const outputs = new Set(program.outputs.flatMap((o) => o.registers));
  const types = program.inputs.flatMap((signature) => signature.registers.map(() => signature));

  return ({ run, inputs: bytes }, { output, cancelled, onProgress }) => {
    const mailbox = new Mailbox(seal, run);
    const ciphers: CipherText[] = [];
    keys.startRun();
    try {
      bytes.forEach((b, r) => ciphers.push(loadCiphertext(seal, b, types[r])));
      execute(program, backend, ciphers, {
        share: {
          owns: (at) => owned[at],
          receive: (register) => mailbox.take(register, start.workerOf[register - inputs]),
          made: (register, cipher) => {
            const peers = wanted.get(register);
            if (!peers && !outputs.has(register)) return;
            const saved = saveCiphertext(seal, cipher);
            peers?.forEach((peer) => send(peer, { run, register, bytes: saved }));
            if (outputs.has(register)) output(register, saved);
          },
        },
        cancelled,
        onProgress,
      });
    } finally {
      for (const c of ciphers) c.delete();
    }
    return { waitedSeconds: mailbox.waited / 1000 };
  };
}

function send(peer: number, handover: Handover): void {
  start.peers[peer]?.postMessage(handover);
  Atomics.add(start.control, 1 + peer, 1);
  Atomics.notify(start.control, 1 + peer);
}

/** Ciphertexts from other workers for one run, in whatever order they come. What a failed run left behind is thrown away. */
class Mailbox {
  waited = 0;
  readonly #seal: Seal;
  readonly #run: number;
  readonly #arrived = new Map<Register, Uint8Array>();

  constructor(seal: Seal, run: number) {
    this.#seal = seal;
    this.#run = run;
  }

  /** Sleeps until the worker `from` has sent the register. The bytes come from our own SEAL: they are loaded unchecked. */
  take(register: Register, from: number): CipherText {
    const peer = start.peers[from];
    if (!peer) throw new InternalError(`register ${register} is made by no other worker`);
    const began = performance.now();
    for (;;) {
      const seen = Atomics.load(start.control, 1 + start.worker);
      for (let m = receiveMessageOnPort(peer); m; m = receiveMessageOnPort(peer)) {
        const handover = m.message as Handover;
        if (handover.run === this.#run) this.#arrived.set(handover.register, handover.bytes);
      }
      const bytes = this.#arrived.get(register);
      if (bytes) {
        this.waited += performance.now() - began;
        this.#arrived.delete(register);
        return this.#load(bytes);
      }
      if (Atomics.load(start.control, 0) >= this.#run) fail('FHE0802', 'stopped while waiting for another worker');
      Atomics.wait(start.control, 1 + start.worker, seen, 500);
    }
  }

  #load(bytes: Uint8Array): CipherText {
    return guard(this.#seal.library, 'take a ciphertext over', () => {
      const cipher = newCipherText(this.#seal);
      cipher.loadArray(this.#seal.context, bytes);
      return cipher;
    });
  }
}

await serveRuns(start.control, open);
