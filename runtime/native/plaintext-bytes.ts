import { InternalError } from '../../ir/diagnostics.ts';
import type { Program, Register } from '../../ir/program/program.ts';
import { constantOf, inputCount } from '../execute.ts';
import { packedBytes } from './key-bytes.ts';

/** Runs as short as these are not worth their place: least_run in runtime/native/engine/encode.cc. */
const leastRun = 16;

/**
 * The words that the engine keeps of an encoded vector for each prime: one for a number in every slot, all N for most vectors, and one for each run
 * of equal words where the first slots come again and again. `vector` as in Backend.encode.
 */
function plaintextWords(vector: Float64Array, ringDegree: number): number {
  if (vector.length === 1) return 1;
  const slots = ringDegree / 2;
  const repeats = (period: number): boolean => {
    for (let part = 0; part < vector.length; part += slots)
      for (let j = part; j + period < part + slots; j++) if (vector[j] !== vector[j + period]) return false;
    return true;
  };
  let period = slots;
  while (period > 2 && repeats(period / 2)) period /= 2;
  return slots / period < leastRun ? ringDegree : 2 * period;
}

/** The bytes that the engine keeps of N words for each of these primes, at their width: PackedPolynomial in runtime/native/engine/ring.cc. */
const packedPlaintextBytes = (ringDegree: number, primes: readonly bigint[]): number =>
  primes.reduce((sum, q) => sum + packedBytes(ringDegree, q.toString(2).length), line);

const line = 64;

/** The bytes that the engine keeps of a plaintext of a program; of one with all special primes where it is a factor of `extended` ciphertexts. */
export type PlaintextBytes = (register: Register, extended?: boolean) => number;

/** Looks at each constant once, when it is first asked for. */
export function plaintextBytes(program: Program): PlaintextBytes {
  const { parameters, instructions } = program;
  const { ringDegree, primes, specialPrimes } = parameters;
  const first = inputCount(program);
  const words = new Map<number, number>();
  const primesOf = (level: number, extended: boolean): readonly bigint[] => [
    ...primes.slice(0, level + 1),
    ...(extended ? specialPrimes : []),
  ];
  const packed = [false, true].map((extended) =>
    primes.map((_, level) => packedPlaintextBytes(ringDegree, primesOf(level, extended))),
  );
  return (register, extended = false) => {
    const instruction = instructions[register - first];
    if (instruction.op !== 'encode') throw new InternalError(`register ${register} is no plaintext`);
    const { constant, level } = instruction;
    const known = words.get(constant) ?? plaintextWords(constantOf(program, instruction), ringDegree);
    words.set(constant, known);
    return known === ringDegree ? packed[Number(extended)][level] : 8 * known * primesOf(level, extended).length;
  };
}
