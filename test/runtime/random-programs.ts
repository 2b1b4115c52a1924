import fc from 'fast-check';
import type { Parameters } from '../../ir/ckks/parameters.ts';
import type { Program, Register } from '../../ir/program/program.ts';
import type { Backend } from '../../runtime/backend.ts';
import { clearBackend, type ClearVector } from '../../runtime/clear/backend.ts';
import { execute } from '../../runtime/execute.ts';
import { Assembler } from './assembler.ts';

/** The only rotation steps of random programs, so that one key set serves them all. */
export const rotationSteps = [1, 2, 5, 100];

const realOps = ['rotate', 'times', 'constants', 'number', 'add', 'sub', 'negate', 'shift', 'lazy', 'lower'] as const;
const complexOps = [...realOps, 'conjugate', 'mul_i', 'complex', 'shift_complex'] as const;

interface Choice {
  readonly op: (typeof complexOps)[number];
  readonly a: number;
  readonly b: number;
  readonly k: number;
}

const choice = (ops: readonly Choice['op'][]): fc.Arbitrary<Choice> =>
  fc.record({ op: fc.constantFrom(...ops), a: fc.nat(1000), b: fc.nat(1000), k: fc.nat(1000) });

/** Writes a valid program from any choices: operands are brought to one level, values stay below 8 for inputs in [-1, 1]. */
function writeProgram(parameters: Parameters, choices: readonly Choice[], complex: boolean): Program {
  const w = new Assembler(parameters);
  /** Complex numbers of modulus 1: real parts, then imaginary parts. */
  const circle = (k: number): Float64Array =>
    Float64Array.from({ length: 2 * w.slots }, (_, i) =>
      i < w.slots ? Math.cos(k + i * i) : Math.sin(k + (i - w.slots) ** 2),
    );
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
    else if (op === 'conjugate' || op === 'mul_i') push(w.unary(op, x), bound(x));
    else if (op === 'shift' || op === 'shift_complex') {
      const { level: at, scale } = w.cipher(x);
      const vector = op === 'shift' ? [Math.cos(k)] : circle(k);
      if (bound(x) < 4) push(w.binary('add_plain', x, w.encode(vector, at, scale)), bound(x) + 1);
    } else if (op === 'add' || op === 'sub') {
      if (x !== y && bound(x) + bound(y) < 8)
        push(w.binary(op, lowered(x, level), lowered(y, level)), bound(x) + bound(y));
    } else if (op === 'lower') {
      if (level > 0) push(lowered(x, level - 1), bound(x));
    } else if (level > 0 && op === 'number') push(w.timesConstants(x, [Math.sin(k)]), bound(x));
    else if (level > 0 && op === 'complex') push(w.timesConstants(x, circle(k)), bound(x));
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
  const results = values.slice(-2);
  // A result shows its real parts only; turned by mul_i it shows its imaginary parts.
  const turned = complex ? results.map((r) => w.unary('mul_i', r)) : [];
  return w.finish([...new Set([...results, ...turned])]);
}

/** Random programs over these parameters. */
export const programs = (parameters: Parameters, length = 20): fc.Arbitrary<Program> =>
  fc
    .array(choice(realOps), { minLength: 3, maxLength: length })
    .map((choices) => writeProgram(parameters, choices, false));

/** Random programs with complex values and conjugations. */
export const complexPrograms = (parameters: Parameters, length = 20): fc.Arbitrary<Program> =>
  fc
    .array(choice(complexOps), { minLength: 3, maxLength: length })
    .map((choices) => writeProgram(parameters, choices, true));

/** Whether some intermediate value does not depend on the inputs, like (x + 1) - x: its ciphertext hides nothing and has no noise. */
export function hasPublicValue(program: Program): boolean {
  const trace = (salt: number): ClearVector[] => {
    const seen: ClearVector[] = [];
    const backend: Backend<ClearVector, Float64Array> = { ...clearBackend, releaseCipher: (v) => void seen.push(v) };
    const slots = program.parameters.ringDegree / 2;
    const inputs = program.inputs.map((_, k) =>
      Float64Array.from({ length: slots }, (_, i) => Math.sin(salt + k + i * i)),
    );
    return [...execute(program, backend, inputs), ...seen];
  };
  const near = (a: Float64Array | undefined, b: Float64Array | undefined, at: number): boolean =>
    Math.abs((a?.[at] ?? 0) - (b?.[at] ?? 0)) < 2 ** -30;
  const other = trace(2);
  return trace(1).some((values, i) =>
    values.every((_, at) => near(values, other[i], at) && near(values.imaginary, other[i].imaginary, at)),
  );
}
