import { diagnostic, FhecError, type Diagnostic } from '../../ir/diagnostics.ts';
import type { Program } from '../../ir/program/program.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { packTensor, unpackTensor } from '../client/pack.ts';
import { slotCount } from '../../ir/ckks/parameters.ts';
import { execute } from '../execute.ts';
import { withPlaintextCache } from '../plaintext-cache.ts';
import { simulatorBackend, type SimulatedCipher } from './backend.ts';

/** What encrypted inference would have given: one tensor for each output signature before the client steps, or why there is none (FHE0803). */
export type Simulated =
  | { readonly kind: 'outputs'; readonly outputs: readonly Tensor[] }
  | { readonly kind: 'out-of-range'; readonly diagnostic: Diagnostic };

/** Runs a program in the simulator on this thread. */
export interface Simulator {
  /** One tensor for each input signature. Equal `index` and seed: equal noise. Errors: FHE0903 for an input that does not fit. */
  readonly run: (inputs: readonly Tensor[], index: number) => Simulated;
}

export function openSimulator(program: Program, seed: number): Simulator {
  const simulator = simulatorBackend(program.parameters, seed, { sparseWeight: program.keys.sparseWeight });
  const { backend } = withPlaintextCache(simulator, Infinity, () => 0);
  const slots = slotCount(program.parameters);
  return {
    run: (inputs, index) => {
      simulator.startRun(index);
      const vectors = program.inputs.map((signature, i) => packTensor(signature, inputs[i], slots));
      const ciphers: SimulatedCipher[] = [];
      let done = -1;
      try {
        program.inputs.forEach(({ level, scale }, i) =>
          vectors[i].forEach((vector) => ciphers.push(simulator.encrypt(vector, level, scale))),
        );
        const results = execute(program, backend, ciphers, { onProgress: (_, instruction) => (done = instruction) });
        let at = 0;
        const outputs = program.outputs.map((signature) =>
          unpackTensor(
            signature,
            signature.registers.map(() => results[at++].values),
          ),
        );
        for (const c of new Set(results)) if (!ciphers.includes(c)) simulator.releaseCipher(c);
        return { kind: 'outputs', outputs };
      } catch (error) {
        if (!(error instanceof FhecError) || error.diagnostics[0].code !== 'FHE0803') throw error;
        const node = program.nodes.at(program.nodeOf.at(done + 1) ?? -1);
        const { message } = error.diagnostics[0];
        return {
          kind: 'out-of-range',
          diagnostic: diagnostic('FHE0803', node ? `node '${node}': ${message}` : message),
        };
      } finally {
        for (const c of ciphers) simulator.releaseCipher(c);
      }
    },
  };
}
