import type { CkksSimulator, SimulatedCipher, SimulatedPlain } from '../../ir/ckks/simulator/simulator.ts';
import { FhecError, type Diagnostic } from '../../ir/diagnostics.ts';
import type { Backend } from '../backend.ts';

/** One ciphertext of each run; of none that failed. */
export type SimulatedBatch = readonly (SimulatedCipher | undefined)[];

/** Runs side by side, that share each public vector while it is at hand. */
export interface BatchBackend extends Backend<SimulatedBatch, SimulatedPlain> {
  /** Each run's own vector, encrypted. */
  readonly encrypt: (vectors: readonly Float64Array[], level: number, scale: number) => SimulatedBatch;
  /** What ended each run that failed, because a value did not fit (FHE0803). */
  readonly failures: ReadonlyMap<number, Diagnostic>;
}

/** `simulators`: one for each run, of one family. A run in which a value does not fit ends; the others go on. */
export function batchBackend(simulators: readonly CkksSimulator[]): BatchBackend {
  const failures = new Map<number, Diagnostic>();
  const [encoder] = simulators;

  /** What `op` gives for each run that is still going. */
  const each = (op: (simulator: CkksSimulator, run: number) => SimulatedCipher | undefined): SimulatedBatch =>
    simulators.map((simulator, run) => {
      if (failures.has(run)) return undefined;
      try {
        return op(simulator, run);
      } catch (error) {
        const failed = error instanceof FhecError ? error.diagnostics[0] : undefined;
        if (failed?.code !== 'FHE0803') throw error;
        failures.set(run, failed);
        return undefined;
      }
    });

  type Op = (simulator: CkksSimulator, cipher: SimulatedCipher) => SimulatedCipher;
  const one = (a: SimulatedBatch, op: Op): SimulatedBatch =>
    each((simulator, run) => {
      const cipher = a[run];
      return cipher && op(simulator, cipher);
    });
  const two = (
    a: SimulatedBatch,
    b: SimulatedBatch,
    op: (simulator: CkksSimulator, x: SimulatedCipher, y: SimulatedCipher) => SimulatedCipher,
  ): SimulatedBatch =>
    each((simulator, run) => {
      const [x, y] = [a[run], b[run]];
      return x && y && op(simulator, x, y);
    });

  return {
    name: 'simulator',
    failures,
    encrypt: (vectors, level, scale) => each((simulator, run) => simulator.encrypt(vectors[run], level, scale)),
    encode: encoder.encode,
    add: (a, b) => two(a, b, (s, x, y) => s.add(x, y)),
    sub: (a, b) => two(a, b, (s, x, y) => s.sub(x, y)),
    mul: (a, b) => two(a, b, (s, x, y) => s.mul(x, y)),
    addPlain: (a, p) => one(a, (s, x) => s.addPlain(x, p)),
    mulPlain: (a, p) => one(a, (s, x) => s.mulPlain(x, p)),
    negate: (a) => one(a, (s, x) => s.negate(x)),
    relinearize: (a) => one(a, (s, x) => s.relinearize(x)),
    rescale: (a) => one(a, (s, x) => s.rescale(x)),
    modSwitch: (a, level) => one(a, (s, x) => s.modSwitch(x, level)),
    rotate: (a, steps) => one(a, (s, x) => s.rotate(x, steps)),
    conjugate: (a) => one(a, (s, x) => s.conjugate(x)),
    mulI: (a) => one(a, (s, x) => s.mulI(x)),
    modRaise: (a, level) => one(a, (s, x) => s.modRaise(x, level)),
    switchKey: (a, to) => one(a, (s, x) => s.switchKey(x, to)),
    releaseCipher: (a) => a.forEach((cipher) => cipher && encoder.releaseCipher(cipher)),
    releasePlain: encoder.releasePlain,
  };
}
