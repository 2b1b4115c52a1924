import { slotCount } from '../../ir/ckks/parameters.ts';
import type { Program } from '../../ir/program/program.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { clearBackend } from '../../runtime/clear/backend.ts';
import { packTensor, unpackTensor } from '../../runtime/client/pack.ts';
import { execute } from '../../runtime/execute.ts';

/** The first result of a program of one input in exact doubles: what encryption should come near to. */
export function runClear(program: Program, image: Tensor): Float64Array {
  const [input] = program.inputs;
  const [output] = program.outputs;
  const vectors = packTensor(input, image, slotCount(program.parameters));
  return unpackTensor(output, execute(program, clearBackend, vectors)).data;
}
