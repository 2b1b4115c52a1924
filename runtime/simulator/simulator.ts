import { slotCount } from '../../ir/ckks/parameters.ts';
import { makeSimulators } from '../../ir/ckks/simulator/simulator.ts';
import { diagnostic, type Diagnostic } from '../../ir/diagnostics.ts';
import type { Program } from '../../ir/program/program.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { packTensor, unpackTensor } from '../client/pack.ts';
import { execute } from '../execute.ts';
import { batchBackend, type SimulatedBatch } from './batch.ts';

/** What encrypted inference would have given: one tensor for each output signature before the client steps, or why there is none (FHE0803). */
export type Simulated =
  | { readonly kind: 'outputs'; readonly outputs: readonly Tensor[] }
  | { readonly kind: 'out-of-range'; readonly diagnostic: Diagnostic };

/** Runs a program in the simulator on this thread. */
export interface Simulator {
  /** One tensor for each input signature. Equal `index` and seed: equal noise. Errors: FHE0903 for an input that does not fit. */
  readonly run: (inputs: readonly Tensor[], index: number) => Simulated;
  /** The same for several at once, the first with the number `first`: much faster, since each constant is read and encoded once. */
  readonly runBatch: (batch: readonly (readonly Tensor[])[], first: number) => Simulated[];
}

/** `noise: false`: exact numbers, as of a run in `clear`, at the speed of the simulator. */
export function openSimulator(program: Program, seed: number, options: { readonly noise?: boolean } = {}): Simulator {
  const family = makeSimulators(program.parameters, seed, { sparseWeight: program.keys.sparseWeight, ...options });
  const slots = slotCount(program.parameters);
  const runBatch = (batch: readonly (readonly Tensor[])[], first: number): Simulated[] => {
    if (batch.length === 0) return [];
    const packed = batch.map((inputs) => program.inputs.map((signature, i) => packTensor(signature, inputs[i], slots)));
    const simulators = batch.map((_, i) => family.open(first + i));
    const backend = batchBackend(simulators);
    /** The instruction that each failed run failed at. */
    const failedAt = new Map<number, number>();
    const noteFailures = (instruction: number): void => {
      for (const run of backend.failures.keys()) if (!failedAt.has(run)) failedAt.set(run, instruction);
    };
    const ciphers: SimulatedBatch[] = [];
    program.inputs.forEach(({ level, scale, registers }, i) =>
      registers.forEach((_, v) => {
        ciphers.push(
          backend.encrypt(
            packed.map((vectors) => vectors[i][v]),
            level,
            scale,
          ),
        );
      }),
    );
    noteFailures(0);
    const results = execute(program, backend, ciphers, { onProgress: (_, instruction) => noteFailures(instruction) });
    const simulated = simulators.map((simulator, run): Simulated => {
      const failure = backend.failures.get(run);
      if (failure) {
        const node = program.nodes[program.nodeOf[failedAt.get(run) ?? 0]] as string | undefined;
        const message = node ? `node '${node}': ${failure.message}` : failure.message;
        return { kind: 'out-of-range', diagnostic: diagnostic('FHE0803', message) };
      }
      let at = 0;
      const next = (): Float64Array => {
        const cipher = results[at++][run];
        return cipher ? simulator.decrypt(cipher).values : new Float64Array(slots);
      };
      return { kind: 'outputs', outputs: program.outputs.map((s) => unpackTensor(s, s.registers.map(next))) };
    });
    for (const c of new Set([...ciphers, ...results])) backend.releaseCipher(c);
    return simulated;
  };
  return { runBatch, run: (inputs, index) => runBatch([inputs], index)[0] };
}
