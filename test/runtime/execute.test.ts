import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { imaginaryPart, realPart } from '../../ir/complex.ts';
import { FhecError } from '../../ir/diagnostics.ts';
import { evaluateFunc } from '../../ir/evaluate.ts';
import type { Program, Register } from '../../ir/program/program.ts';
import { tensor } from '../../ir/tensor.ts';
import { emitProgram } from '../../compiler/emit/emit-program.ts';
import { disassembleProgram } from '../../compiler/emit/disassemble-program.ts';
import type { Backend } from '../../runtime/backend.ts';
import { clearBackend, type ClearVector } from '../../runtime/clear/backend.ts';
import { execute, inputCount } from '../../runtime/execute.ts';
import { withPlaintextCache } from '../../runtime/plaintext-cache.ts';
import { partition, unowned } from '../../runtime/server/partition.ts';
import { makeSimulators } from '../../ir/ckks/simulator/simulator.ts';
import { everyKeyProgram, testParameters } from './assembler.ts';
import { complexPrograms, programs } from './random-programs.ts';

const parameters = testParameters(1024, 4);
const slots = 512;
const vectors = (program: Program): Float64Array[] =>
  Array.from({ length: inputCount(program) }, (_, k) =>
    Float64Array.from({ length: slots }, (_, i) => Math.sin(i + k)),
  );

interface Handle {
  readonly id: number;
}

/** Counts what lives; every use and release of a handle that does not live is an error. Fails at the call `failAt`. */
function countingBackend(
  failAt = Infinity,
): Backend<Handle, Handle> & { ciphers: Set<Handle>; plains: Set<Handle>; peak: number } {
  let calls = 0;
  const ciphers = new Set<Handle>();
  const plains = new Set<Handle>();
  const make = (into: Set<Handle>, ...uses: [Set<Handle>, Handle][]): Handle => {
    for (const [set, handle] of uses) if (!set.has(handle)) throw new Error(`use of ${handle.id}, which does not live`);
    if (++calls === failAt) throw new Error('chosen failure');
    const handle = { id: calls };
    into.add(handle);
    counting.peak = Math.max(counting.peak, ciphers.size);
    return handle;
  };
  const one = (a: Handle): Handle => make(ciphers, [ciphers, a]);
  const two = (a: Handle, b: Handle): Handle => make(ciphers, [ciphers, a], [ciphers, b]);
  const mixed = (a: Handle, p: Handle): Handle => make(ciphers, [ciphers, a], [plains, p]);
  const release = (set: Set<Handle>, handle: Handle): void => {
    if (!set.delete(handle)) throw new Error(`${handle.id} released twice`);
  };
  const counting = {
    name: 'counting',
    ciphers,
    plains,
    peak: 0,
    encode: () => make(plains),
    add: two,
    sub: two,
    mul: two,
    negate: one,
    relinearize: one,
    rescale: one,
    modSwitch: one,
    rotate: one,
    conjugate: one,
    mulI: one,
    modRaise: one,
    switchKey: one,
    addPlain: mixed,
    mulPlain: mixed,
    releaseCipher: (a: Handle) => release(ciphers, a),
    releasePlain: (p: Handle) => release(plains, p),
  };
  return counting;
}

/** The most ciphertexts that live at once: each from its instruction to its last use, operands and result together. */
function predictedPeak(program: Program): number {
  const inputs = inputCount(program);
  const end = program.instructions.length;
  const last = new Map<Register, number>();
  program.instructions.forEach((instruction, at) => {
    if (instruction.op !== 'encode') for (const r of instruction.args) last.set(r, at);
  });
  for (const output of program.outputs) for (const r of output.registers) last.set(r, end);
  let peak = inputs;
  for (let at = 0; at < end; at++) {
    if (program.instructions[at].op === 'encode') continue;
    let alive = inputs;
    for (let made = 0; made <= at; made++) {
      if (program.instructions[made].op === 'encode') continue;
      if (made === at || (last.get(inputs + made) ?? made) >= at) alive++;
    }
    peak = Math.max(peak, alive);
  }
  return peak;
}

const borrow = (backend: { ciphers: Set<Handle> }, program: Program): Handle[] =>
  Array.from({ length: inputCount(program) }, (_, k) => {
    const handle = { id: -1 - k };
    backend.ciphers.add(handle);
    return handle;
  });

describe('execute', () => {
  test('computes what the ckks module means', () => {
    fc.assert(
      fc.property(programs(parameters), (program) => {
        const inputs = vectors(program);
        const results = execute(program, clearBackend, inputs);
        const main = disassembleProgram(program).funcs[0];
        const meant = evaluateFunc(
          main,
          inputs.map((v) => tensor([slots], v)),
        );
        expect(results).toEqual(meant.map((t) => t.data));
      }),
      { numRuns: 50 },
    );
  });

  test('computes what the ckks module means, complex slots too', () => {
    const main = (program: Program) => disassembleProgram(program).funcs[0];
    fc.assert(
      fc.property(complexPrograms(parameters), (program) => {
        const inputs = vectors(program);
        const results = execute<ClearVector, Float64Array>(program, clearBackend, inputs);
        const meant = evaluateFunc(
          main(program),
          inputs.map((v) => tensor([slots], v)),
        );
        const close = (a: Float64Array, b: Float64Array): void => a.forEach((x, i) => expect(x).toBeCloseTo(b[i], 10));
        results.forEach((vector, i) => {
          close(vector, realPart(meant[i]));
          close(vector.imaginary ?? new Float64Array(slots), imaginaryPart(meant[i]));
        });
      }),
      { numRuns: 50 },
    );
  });

  test('emits again what it read back', () => {
    fc.assert(
      fc.property(complexPrograms(parameters), (program) => {
        const again = emitProgram(disassembleProgram(program), { insecureForTests: true });
        // Dead code is dropped, and with it its constants and keys.
        const once = emitProgram(disassembleProgram(again), { insecureForTests: true });
        expect(once).toEqual(again);
        const inputs = vectors(program);
        expect(execute(again, clearBackend, inputs)).toEqual(execute(program, clearBackend, inputs));
      }),
      { numRuns: 20 },
    );
    const every = everyKeyProgram(parameters);
    const emitted = emitProgram(disassembleProgram(every), { insecureForTests: true });
    expect(emitted.keys).toEqual(every.keys);
    expect(emitted.instructions).toEqual(every.instructions);
  });

  test('after success only inputs and results live, and never more than liveness asks for', () => {
    fc.assert(
      fc.property(programs(parameters, 40), (program) => {
        const backend = countingBackend();
        const inputs = borrow(backend, program);
        const results = execute(program, backend, inputs);
        expect(Math.max(backend.peak, inputs.length)).toBe(predictedPeak(program));
        expect(backend.plains.size).toBe(0);
        expect([...backend.ciphers].sort(byId)).toEqual([...new Set([...inputs, ...results])].sort(byId));
      }),
      { numRuns: 300 },
    );
  });

  test('after a failure or a stop at any place only the inputs live', () => {
    fc.assert(
      fc.property(programs(parameters, 40), fc.nat(200), fc.boolean(), (program, at, stop) => {
        const backend = countingBackend(stop ? Infinity : at + 1);
        const inputs = borrow(backend, program);
        let asked = 0;
        try {
          execute(program, backend, inputs, { cancelled: () => stop && asked++ === at });
          expect(at).toBeGreaterThanOrEqual(program.instructions.length);
        } catch (error) {
          if (!(error instanceof FhecError)) expect(String(error)).toContain('chosen failure');
          else expect(error.diagnostics[0].code).toBe('FHE0802');
          expect([...backend.ciphers]).toEqual(inputs);
        }
        expect(backend.plains.size).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test('the plaintext cache encodes once, keeps within its budget and releases all of it', () => {
    fc.assert(
      fc.property(programs(parameters), fc.nat(6), (program, budget) => {
        const backend = countingBackend();
        const cache = withPlaintextCache(backend, budget, () => 1);
        for (let run = 0; run < 3; run++) {
          const inputs = borrow(backend, program);
          for (const c of new Set([...execute(program, cache.backend, inputs), ...inputs])) backend.releaseCipher(c);
          expect(cache.bytes()).toBeLessThanOrEqual(budget);
          expect(backend.plains.size).toBe(cache.bytes());
          expect(backend.ciphers.size).toBe(0);
        }
        cache.clear();
        expect(backend.plains.size).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  test('the simulator gives all its buffers back', () => {
    fc.assert(
      fc.property(
        fc.oneof(programs(parameters), complexPrograms(parameters)),
        fc.boolean(),
        (program, imaginaryNoise) => {
          const family = makeSimulators(parameters, 1, { imaginaryNoise });
          const counts = [0, 1, 2].map((run) => {
            const simulator = family.open(run);
            const inputs = program.inputs.map((s, k) => simulator.encrypt(vectors(program)[k], s.level, s.scale));
            const results = execute(program, simulator, inputs);
            for (const c of new Set([...inputs, ...results])) simulator.releaseCipher(c);
            return family.freeBuffers();
          });
          expect(counts).toEqual([counts[0], counts[0], counts[0]]);
        },
      ),
      { numRuns: 50 },
    );
  });
});

const byId = (a: Handle, b: Handle): number => a.id - b.id;

describe('partition', () => {
  test('gives every instruction but the encodes to one worker; two workers are predicted no slower than one', () => {
    fc.assert(
      fc.property(programs(parameters, 60), (program) => {
        for (const workers of [1, 2, 3]) {
          const { workerOf, seconds } = partition(program, workers, 0.005);
          program.instructions.forEach(({ op }, at) => {
            if (op === 'encode') expect(workerOf[at]).toBe(unowned);
            else expect(workerOf[at]).toBeGreaterThanOrEqual(0);
            expect(workerOf[at]).toBeLessThan(workers);
          });
          expect(seconds).toBeLessThanOrEqual(partition(program, 1, 0.005).seconds + 1e-9);
        }
      }),
      { numRuns: 100 },
    );
  });
});
