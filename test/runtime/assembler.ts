import type { Parameters } from '../../ir/ckks/parameters.ts';
import type { Attrs } from '../../ir/define.ts';
import { rowMajorLayout } from '../../ir/layout.ts';
import { keyLevels } from '../../ir/program/key-levels.ts';
import type { Instruction, Program, Register, TensorSignature } from '../../ir/program/program.ts';
import { opOfInstruction } from '../../ir/program/validate.ts';
import { tensor } from '../../ir/tensor.ts';
import { cipherType, type CipherType, type Type } from '../../ir/types.ts';
import { makeParameters } from '../../passes/schedule/parameters.ts';

/** Parameters for tests: as small as wished, marked insecure when they are. */
export function testParameters(ringDegree: number, depth: number, scaleBits = 30, headroomBits = 10): Parameters {
  const made = makeParameters({ ringDegree, depth, scaleBits, headroomBits });
  if (!made) throw new Error('no such primes');
  return made;
}

/** Writes programs by hand; types come from the ckks ops. Equal instructions are written once. */
export class Assembler {
  readonly parameters: Parameters;
  readonly slots: number;
  readonly #types: Type[] = [];
  readonly #inputs: TensorSignature[] = [];
  readonly #instructions: Instruction[] = [];
  readonly #constants: Float64Array[] = [];
  readonly #written = new Map<string, Register>();

  constructor(parameters: Parameters) {
    this.parameters = parameters;
    this.slots = parameters.ringDegree / 2;
  }

  get length(): number {
    return this.#types.length;
  }

  typeOf(register: Register): Type {
    return this.#types[register];
  }

  cipher(register: Register): CipherType {
    const type = this.#types[register];
    if (type.kind !== 'cipher') throw new Error(`register ${register} is no ciphertext`);
    return type;
  }

  /** A full vector, row-major, at the canonical scale. */
  input(name: string, level = this.parameters.primes.length - 1): Register {
    const scale = this.parameters.scales[level];
    const register = this.#types.push(cipherType(level, scale)) - 1;
    this.#inputs.push(this.#signature(name, register));
    return register;
  }

  encode(vector: ArrayLike<number>, level: number, scale: number): Register {
    const rounded = Float64Array.from(vector, Math.fround);
    const known = this.#constants.findIndex((c) => c.length === rounded.length && c.every((x, i) => x === rounded[i]));
    const constant = known >= 0 ? known : this.#constants.push(rounded) - 1;
    return this.#emit({ op: 'encode', constant, level, scale });
  }

  binary(op: 'add' | 'sub' | 'mul' | 'add_plain' | 'mul_plain', a: Register, b: Register): Register {
    return this.#emit({ op, args: [a, b] });
  }

  unary(op: 'negate' | 'relinearize' | 'rescale' | 'conjugate' | 'mul_i', a: Register): Register {
    return this.#emit({ op, args: [a] });
  }

  modRaise(a: Register, level = this.parameters.primes.length - 1): Register {
    return this.#emit({ op: 'mod_raise', args: [a], level });
  }

  switchKey(a: Register, to: 'sparse' | 'dense'): Register {
    return this.#emit({ op: 'switch_key', args: [a], to });
  }

  rotate(a: Register, steps: number): Register {
    return this.#emit({ op: 'rotate', args: [a], steps });
  }

  modSwitch(a: Register, level: number): Register {
    return this.#emit({ op: 'mod_switch', args: [a], level });
  }

  /** Product with constants that ends at the canonical scale, one level lower. */
  timesConstants(a: Register, vector: ArrayLike<number>): Register {
    const { level, scale } = this.cipher(a);
    const { scales, primes } = this.parameters;
    const plain = this.encode(vector, level, (scales[level - 1] * Number(primes[level])) / scale);
    return this.unary('rescale', this.binary('mul_plain', a, plain));
  }

  /** Product of two ciphertexts, one level lower. */
  times(a: Register, b: Register): Register {
    return this.unary('rescale', this.unary('relinearize', this.binary('mul', a, b)));
  }

  finish(outputs: readonly Register[]): Program {
    const instructions = this.#instructions;
    const uses = (...ops: Instruction['op'][]): boolean => instructions.some((i) => ops.includes(i.op));
    const steps = new Set(instructions.flatMap((i) => (i.op === 'rotate' ? [i.steps] : [])));
    const rotations = [...steps].sort((a, b) => a - b);
    return {
      parameters: this.parameters,
      inputs: this.#inputs,
      outputs: outputs.map((register, i) => this.#signature(`y${i}`, register)),
      clientSteps: [],
      instructions,
      constants: this.#constants,
      keys: {
        relinearization: uses('relinearize'),
        rotations,
        conjugation: uses('conjugate'),
        ...(uses('switch_key') && { sparseWeight: 32 }),
        levels: keyLevels(instructions, rotations, (register) => this.cipher(register).level),
      },
      nodes: ['first', 'second'],
      nodeOf: Int32Array.from(instructions, (_, i) => i % 2),
      seconds: Float64Array.from(instructions, (i) => (i.op === 'rotate' || i.op === 'relinearize' ? 0.05 : 0.005)),
    };
  }

  #signature(name: string, register: Register): TensorSignature {
    const { level, scale } = this.cipher(register);
    return {
      name,
      shape: [1, this.slots],
      factor: [1],
      layout: rowMajorLayout(this.slots),
      registers: [register],
      level,
      scale,
    };
  }

  #emit(instruction: Instruction): Register {
    const text = JSON.stringify(instruction);
    const known = this.#written.get(text);
    if (known !== undefined) return known;
    const args = instruction.op === 'encode' ? [] : instruction.args;
    const attrs = this.#attrsOf(instruction);
    const type = opOfInstruction[instruction.op].infer(
      args.map((r) => this.#types[r]),
      attrs,
      { parameters: this.parameters },
    );
    if (typeof type === 'string') throw new Error(type);
    this.#instructions.push(instruction);
    const register = this.#types.push(type) - 1;
    this.#written.set(text, register);
    return register;
  }
  #attrsOf(instruction: Instruction): Attrs {
    switch (instruction.op) {
      case 'encode': {
        const vector = this.#constants[instruction.constant];
        const shape = vector.length === 2 * this.slots ? [2, this.slots] : [vector.length];
        return { vector: tensor(shape, vector), level: instruction.level, scale: instruction.scale };
      }
      case 'rotate':
        return { steps: instruction.steps };
      case 'mod_switch':
      case 'mod_raise':
        return { level: instruction.level };
      case 'switch_key':
        return { to: instruction.to };
      default:
        return {};
    }
  }
}

/** rot(x * w, 1) + x^2, and x - v shifted by many rotations: work for two threads. */
export function sampleProgram(parameters: Parameters): Program {
  const a = new Assembler(parameters);
  const x = a.input('x');
  const v = a.input('v');
  const wave = Float64Array.from({ length: a.slots }, (_, i) => Math.sin(i));
  const y = a.binary('add', a.rotate(a.timesConstants(x, wave), 1), a.times(x, x));
  const shifted = [1, 2, 3, 5].map((steps) => a.timesConstants(a.rotate(a.binary('sub', x, v), steps), [0.25 * steps]));
  const z = shifted.reduce((sum, r) => a.binary('add', sum, r));
  return a.finish([y, z]);
}

/**
 * x through the sparse secret and a raise of the modulus, down again to where the raise does not show, and a complex product of v with its
 * conjugate: every key that there is.
 */
export function everyKeyProgram(parameters: Parameters): Program {
  const a = new Assembler(parameters);
  const x = a.input('x');
  const v = a.input('v');
  const raised = a.switchKey(a.modRaise(a.switchKey(a.modSwitch(x, 0), 'sparse')), 'dense');
  const turn = Float64Array.from({ length: 2 * a.slots }, (_, i) => Math.sin(i));
  const turned = a.unary('mul_i', a.timesConstants(a.rotate(v, 3), turn));
  return a.finish([a.modSwitch(raised, 0), a.times(turned, a.unary('conjugate', turned)), turned]);
}
