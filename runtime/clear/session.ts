import { slotCount } from '../../ir/ckks/parameters.ts';
import type { Program } from '../../ir/program/program.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { packTensor, unpackTensor } from '../client/pack.ts';
import { execute } from '../execute.ts';
import { clearBackend } from './backend.ts';

/** Runs a program on exact doubles: what encrypted inference approaches as its noise goes to zero. */
export interface ClearSession {
  /** One tensor for each input signature -> one for each output signature, before the client steps. Errors: FHE0903. */
  readonly run: (inputs: readonly Tensor[]) => Tensor[];
}

export function openClear(program: Program): ClearSession {
  const slots = slotCount(program.parameters);
  return {
    run: (inputs) => {
      const vectors = program.inputs.flatMap((signature, i) => packTensor(signature, inputs[i], slots));
      const results = execute(program, clearBackend, vectors);
      let at = 0;
      return program.outputs.map((signature) =>
        unpackTensor(
          signature,
          signature.registers.map(() => results[at++]),
        ),
      );
    },
  };
}
