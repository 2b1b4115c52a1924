import fc from 'fast-check';
import type { Parameters } from '../../ir/ckks/parameters.ts';
import type { Program, Register } from '../../ir/program/program.ts';
import type { Backend } from '../../runtime/backend.ts';
import { clearBackend } from '../../runtime/clear/backend.ts';
import { execute } from '../../runtime/execute.ts';
import { Assembler } from './assembler.ts';

/** The only rotation steps of random programs, so that one key set serves them all. */
export const rotationSteps = [1, 2, 5, 100];

interface Choice {
  readonly op: 'rotate' | 'times' | 'constants' | 'number' | 'add' | 'sub' | 'negate' | 'shift' | 'lazy' | 'lower';
  readonly a: number;
  readonly b: number;
  readonly k: number;
}

const choice: fc.Arbitrary<Choice> = fc.record({
  op: fc.constantFrom('rotate', 'times', 'constants', 'number', 'add', 'sub', 'negate', 'shift', 'lazy', 'lower'),
  a: fc.nat(1000),
  b: fc.nat(1000),
  k: fc.nat(1000),
});

/** Writes a valid program from any choices: operands are brought to one level, values stay below 8 for inputs in [-1, 1]. */
function writeProgram(parameters: Parameters, choices: readonly Choice[]): Program {
  const w = new Assembler(parameters);
  const values: Register[] = [w.input('x'), w.input('v', Math.max(0, parameters.primes.length - 2))];
  const bounds = new Map<Register, number>(values.map((r) => [r, 1]));
  const push = (register: Register, bound: number): void => {
    values.push(register);
    bounds.set(register, bound);
  };
  const bound = (r: Register): number => bounds.get(r) ?? 1;
  const lowered = (r: Register, level: number): Register => {
    let at = r;
    while (w.cipher(at).level > level) {
      // One mod_switch where there is room, then the constant 1 at the correcting scale.
      if (w.cipher(at).level > level + 1) at = w.modSwitch(at, level + 1);
      at = w.timesConstants(at, [1]);
    }
    return at;
  };
  for (const { op, a, b, k } of choices) {
    // Recent values are more likely, so that programs are deep as well as wide.
    const pick = (n: number): Register => values[values.length - 1 - (n % Math.min(values.length, 4))];
    const x = pick(a);
    const y = pick(b);
    const level = Math.min(w.cipher(x).level, w.cipher(y).level);
    if (op === 'rotate') push(w.rotate(x, rotationSteps[k % rotationSteps.length]), bound(x));
    else if (op === 'negate') push(w.unary('negate', x), bound(x));
    else if (op === 'shift') {
      const { level: at, scale } = w.cipher(x);
      if (bound(x) < 4) push(w.binary('add_plain', x, w.encode([Math.cos(k)], at, scale)), bound(x) + 1);
    } else if (op === 'add' || op === 'sub') {
      if (x !== y && bound(x) + bound(y) < 8)
        push(w.binary(op, lowered(x, level), lowered(y, level)), bound(x) + bound(y));
    } else if (op === 'lower') {
      if (level > 0) push(lowered(x, level - 1), bound(x));
    } else if (level > 0 && op === 'number') push(w.timesConstants(x, [Math.sin(k)]), bound(x));
    else if (level > 0 && op === 'constants') {
      push(
        w.timesConstants(
          x,
          Float64Array.from({ length: w.slots }, (_, i) => Math.sin(k + i * i)),
        ),
        bound(x),
      );
    } else if (level > 0 && op === 'times') {
      if (bound(x) * bound(y) < 8) push(w.times(lowered(x, level), lowered(y, level)), bound(x) * bound(y));
    } else if (level > 0 && op === 'lazy' && bound(x) ** 2 + bound(y) ** 2 < 8) {
      const [p, q] = [lowered(x, level), lowered(y, level)];
      const sum = w.binary('add', w.binary('mul', p, p), w.binary('mul', q, q));
      push(w.unary('rescale', w.unary('relinearize', sum)), bound(x) ** 2 + bound(y) ** 2);
    }
  }
  return w.finish([...new Set(values.slice(-2))]);
}

/** Random programs over these parameters. */
export const programs = (parameters: Parameters, length = 20): fc.Arbitrary<Program> =>
  fc.array(choice, { minLength: 3, maxLength: length }).map((choices) => writeProgram(parameters, choices));

/** Whether some intermediate value does not depend on the inputs, like (x + 1) - x: its ciphertext hides nothing and has no noise. */
export function hasPublicValue(program: Program): boolean {
  const trace = (salt: number): Float64Array[] => {
    const seen: Float64Array[] = [];
    const backend: Backend<Float64Array, Float64Array> = { ...clearBackend, releaseCipher: (v) => void seen.push(v) };
    const slots = program.parameters.ringDegree / 2;
    const inputs = program.inputs.map((_, k) =>
      Float64Array.from({ length: slots }, (_, i) => Math.sin(salt + k + i * i)),
    );
    return [...execute(program, backend, inputs), ...seen];
  };
  const other = trace(2);
  return trace(1).some((values, i) => values.every((x, at) => Math.abs(x - other[i][at]) < 2 ** -30));
}
