import type { Program } from '../../ir/program/program.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { openClear } from '../../runtime/clear/session.ts';
import { openSimulator } from '../../runtime/simulator/simulator.ts';

/**
 * Runs a program in exact arithmetic: one tensor for each input signature -> one for each output, before the client steps. The simulator without noise is
 * several times faster than `clear`, which serves where a value would not fit.
 */
export function runClear(program: Program, inputs: readonly Tensor[]): Tensor[] {
  const exact = openSimulator(program, 0, { noise: false }).run(inputs, 0);
  return exact.kind === 'outputs' ? [...exact.outputs] : openClear(program).run(inputs);
}

/** The class with the largest output; undefined for a single number, which is no classification, and where nothing is a number. */
export function topClass(output: Tensor): number | undefined {
  const { data } = output;
  if (data.length < 2 || data.some(Number.isNaN)) return undefined;
  return data.reduce((best, v, i) => (v > data[best] ? i : best), 0);
}

/** How far results lie from the exact ones: the largest difference, and the bits of the largest exact value above it. */
export function errorBits(exact: readonly Tensor[], got: readonly Tensor[]): { error: number; bits: number } {
  let error = 0;
  let largest = 0;
  exact.forEach(({ data }, t) =>
    data.forEach((v, i) => {
      error = Math.max(error, Math.abs(v - got[t].data[i]));
      largest = Math.max(largest, Math.abs(v));
    }),
  );
  return { error, bits: error > 0 && largest > 0 ? Math.log2(largest / error) : Infinity };
}
