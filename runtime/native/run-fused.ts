import { fail, InternalError } from '../../ir/diagnostics.ts';
import type { Program, Register } from '../../ir/program/program.ts';
import type { Backend } from '../backend.ts';
import { inputCount, runInstruction, type ExecuteOptions } from '../execute.ts';
import type { NativeKeys } from './backend.ts';
import {
  ciphersOf,
  isExtended,
  lastSteps,
  plainsOf,
  resultsOf,
  type FusedCall,
  type FusedStep,
} from './fused-steps.ts';
import { guardNative, type Handle, type NativeEngine } from './library.ts';
import type { PlaintextStore } from './plaintext-store.ts';

/** What runs fused programs. */
export interface FusedRunner {
  readonly engine: NativeEngine;
  /** For single instructions; the same engine and keys. */
  readonly backend: Backend<Handle, Handle>;
  readonly keys: NativeKeys;
  readonly plaintexts: PlaintextStore;
}

/**
 * Runs a fused program, with the contract of `execute`: inputs stay the caller's, all else is released at its last use, also when the run
 * fails. Progress counts the instructions that are done.
 */
export function runFused(
  program: Program,
  steps: readonly FusedStep[],
  runner: FusedRunner,
  inputs: readonly Handle[],
  options: Pick<ExecuteOptions<Handle>, 'onProgress' | 'cancelled'> = {},
): Handle[] {
  const borrowed = inputCount(program);
  if (inputs.length !== borrowed) throw new InternalError(`${inputs.length} ciphertexts for ${borrowed} inputs`);
  const last = lastSteps(program, steps);
  const secondsOf = ({ covers }: FusedStep): number => covers.reduce((sum, at) => sum + program.seconds[at], 0);
  const total = steps.reduce((sum, step) => sum + secondsOf(step), 0);
  const ciphers = new Map<Register, Handle>(inputs.map((c, r) => [r, c]));
  const release = (r: Register): void => {
    const c = ciphers.get(r);
    if (c !== undefined && r >= borrowed) runner.backend.releaseCipher(c);
    ciphers.delete(r);
  };
  try {
    let done = 0;
    steps.forEach((step, s) => {
      const { call, covers } = step;
      if (options.cancelled?.()) fail('FHE0802', `stopped at step ${s} of ${steps.length}`);
      const weights = plainsOf(call);
      const plaintexts = runner.plaintexts.take(weights, isExtended(call));
      const plains = new Map(weights.map((r, i) => [r, plaintexts[i]]));
      try {
        const made = runCall(
          runner,
          call,
          (r) => held(ciphers, r),
          (r) => held(plains, r),
        );
        resultsOf(call).forEach((r, i) => ciphers.set(r, made[i]));
      } finally {
        runner.plaintexts.release(plaintexts);
      }
      for (const r of new Set(ciphersOf(call))) if (last.get(r) === s) release(r);
      for (const r of resultsOf(call)) if (!last.has(r)) release(r);
      done += secondsOf(step);
      options.onProgress?.(total > 0 ? done / total : 1, covers.at(-1) ?? 0);
    });
    const registers = program.outputs.flatMap((output) => output.registers);
    const results = registers.map((r) => held(ciphers, r));
    for (const r of registers) ciphers.delete(r);
    return results;
  } finally {
    for (const r of [...ciphers.keys()]) release(r);
  }
}

function held(values: ReadonlyMap<Register, Handle>, register: Register): Handle {
  const value = values.get(register);
  if (value === undefined) throw new InternalError(`register ${register} holds nothing`);
  return value;
}

/** The ciphertexts that a call makes, in the order of `resultsOf`. */
function runCall(
  { engine, backend, keys }: FusedRunner,
  call: FusedCall,
  cipher: (r: Register) => Handle,
  plain: (r: Register) => Handle,
): readonly Handle[] {
  switch (call.kind) {
    case 'instruction':
      return [runInstruction(backend, call.instruction, cipher, plain)];
    case 'automorphisms': {
      const turned = Float64Array.from(keys.automorphisms(call.results.map((r) => r.instruction)));
      const source = cipher(call.source);
      return [
        ...guardNative('rotate', () =>
          call.extended ? engine.rotateManyExtended(source, turned) : engine.rotateMany(source, turned),
        ),
      ];
    }
    case 'automorphism_add': {
      const [key] = keys.automorphisms([call.instruction]);
      const [source, addend] = [cipher(call.source), cipher(call.addend)];
      if (call.extended)
        return [guardNative('rotate', () => engine.rotateAddExtended(source, key, addend, call.leads ? 0 : 1))];
      return [
        guardNative('rotate', () =>
          call.leads ? engine.rotateAdd(source, key, addend) : engine.addRotated(addend, source, key),
        ),
      ];
    }
    case 'relinearize_rescale': {
      const key = keys.relinearization();
      return [guardNative('relinearize', () => engine.relinearizeRescale(cipher(call.source), key))];
    }
    case 'extend':
      return [guardNative('extend', () => engine.extend(cipher(call.source)))];
    case 'divide':
      return [guardNative('divide', () => engine.divide(cipher(call.source), call.rescale ? 1 : 0))];
    case 'sums': {
      const terms = call.rows.flatMap((row) => row.terms);
      const ends: number[] = [];
      for (const row of call.rows) ends.push((ends.at(-1) ?? 0) + row.terms.length);
      const pairs = Float64Array.from({ length: 2 * terms.length }, (_, i) =>
        i % 2 === 0 ? terms[i >> 1].input : plain(terms[i >> 1].plain),
      );
      const inputs = Float64Array.from(call.inputs, cipher);
      const rowEnds = Float64Array.from(ends);
      return [
        ...guardNative('sum', () =>
          call.extended
            ? engine.weightedSumsExtended(inputs, pairs, rowEnds)
            : engine.weightedSums(inputs, pairs, rowEnds),
        ),
      ];
    }
  }
}
