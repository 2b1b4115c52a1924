import { encodedBytes, plaintextWords } from '../../ir/ckks/plaintext-bytes.ts';
import { InternalError } from '../../ir/diagnostics.ts';
import type { Program, Register } from '../../ir/program/program.ts';
import { constantOf, inputCount } from '../execute.ts';

/** The bytes that the engine keeps of a plaintext of a program; of one with all special primes where it is a factor of `extended` ciphertexts. */
export type PlaintextBytes = (register: Register, extended?: boolean) => number;

/** Looks at each constant once, when it is first asked for. */
export function plaintextBytes(program: Program): PlaintextBytes {
  const { parameters, instructions } = program;
  const first = inputCount(program);
  const words = new Map<number, number>();
  const bytesOf = encodedBytes(parameters);
  return (register, extended) => {
    const instruction = instructions[register - first];
    if (instruction.op !== 'encode') throw new InternalError(`register ${register} is no plaintext`);
    const { constant, level } = instruction;
    const known = words.get(constant) ?? plaintextWords(constantOf(program, instruction), parameters.ringDegree);
    words.set(constant, known);
    return bytesOf(known, level, extended);
  };
}
