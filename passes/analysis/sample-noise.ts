import type { Parameters } from '../../ir/ckks/parameters.ts';
import { slotCount } from '../../ir/ckks/parameters.ts';
import { secretName } from '../../ir/ckks/secret.ts';
import {
  makeSimulators,
  type CkksSimulator,
  type SimulatedCipher,
  type SimulatedPlain,
} from '../../ir/ckks/simulator/simulator.ts';
import { isTensorAttr } from '../../ir/define.ts';
import { fail, FhecError, InternalError } from '../../ir/diagnostics.ts';
import type { Func, Value } from '../../ir/module.ts';
import { isExact } from '../../ir/program/stored-constants.ts';

/** The vectors of the results of a ckks function, for one input. */
export interface NoiseSample {
  readonly exact: readonly Float64Array[];
  readonly noisy: readonly Float64Array[];
}

/**
 * Runs a ckks function on each input (one vector a parameter) in exact numbers and in the simulator, with the weights as files round them.
 * Unlike a formula over whole values, this knows which slots matter, and that errors of a power of one value add up. Compiling twice gives the same
 * numbers. Errors: FHE0803, at the op whose value does not fit under its modulus.
 */
export function sampleNoise(
  func: Func,
  parameters: Parameters,
  inputs: readonly (readonly Float64Array[])[],
): NoiseSample[] {
  const [exact, noisy] = [false, true].map((noise) => run(func, parameters, inputs, noise));
  return inputs.map((_, i) => ({ exact: exact[i], noisy: noisy[i] }));
}

/** The noisy half of {@link sampleNoise} alone: for each input the vectors of the results. */
export const sampleNoisy = (
  func: Func,
  parameters: Parameters,
  inputs: readonly (readonly Float64Array[])[],
): Float64Array[][] => run(func, parameters, inputs, true);

function run(
  func: Func,
  parameters: Parameters,
  inputs: readonly (readonly Float64Array[])[],
  noise: boolean,
): Float64Array[][] {
  const family = makeSimulators(parameters, 0, { noise });
  const simulators = inputs.map((_, i) => family.open(i));
  const runs = new Runs(func, simulators, inputs, noise ? rounding(slotCount(parameters)) : (vector) => vector);
  for (const op of func.body) runs.step(op);
  return inputs.map((_, i) => runs.results(i));
}

/** What a file makes of a weight, in a buffer that the next one overwrites: thousands of new ones would be work for the garbage collector. */
function rounding(slots: number): (vector: Float64Array) => Float64Array {
  const [rounded, widened] = [new Float32Array(slots), new Float64Array(slots)];
  return (vector) => {
    if (isExact(vector.length, slots)) return vector;
    rounded.set(vector);
    widened.set(rounded);
    return widened;
  };
}

/** Runs of one function, op by op: each weight is encoded once for all of them. */
class Runs {
  readonly #func: Func;
  readonly #simulators: readonly CkksSimulator[];
  readonly #store: (vector: Float64Array) => Float64Array;
  readonly #ciphers = new Map<Value, readonly SimulatedCipher[]>();
  readonly #plains = new Map<Value, SimulatedPlain>();
  readonly #last = new Map<Value, Value>();
  readonly #kept: ReadonlySet<Value>;

  /** `store`: what becomes of a weight before it is encoded. */
  constructor(
    func: Func,
    simulators: readonly CkksSimulator[],
    inputs: readonly (readonly Float64Array[])[],
    store: (vector: Float64Array) => Float64Array,
  ) {
    this.#func = func;
    this.#simulators = simulators;
    this.#store = store;
    for (const op of func.body) for (const o of op.operands) this.#last.set(o, op);
    this.#kept = new Set(func.results.map((r) => r.value));
    func.params.forEach((param, i) => {
      const { type } = param;
      if (type.kind !== 'cipher') throw new InternalError('a parameter is no ciphertext');
      this.#ciphers.set(
        param,
        simulators.map((s, run) => s.encrypt(inputs[run][i], type.level, type.scale)),
      );
    });
  }

  step(op: Value): void {
    const [simulator] = this.#simulators;
    try {
      if (op.op === 'ckks.encode') this.#plains.set(op, encode(op, simulator, this.#store));
      else
        this.#ciphers.set(
          op,
          this.#simulators.map((s, run) => this.#apply(op, s, run)),
        );
    } catch (error) {
      const known = error instanceof FhecError ? error.diagnostics[0] : undefined;
      if (known?.code !== 'FHE0803') throw error;
      fail(known.code, known.message, op.loc);
    }
    for (const o of new Set(op.operands)) {
      if (this.#last.get(o) !== op || this.#kept.has(o)) continue;
      this.#ciphers.get(o)?.forEach((c) => simulator.releaseCipher(c));
      const plain = this.#plains.get(o);
      if (plain) simulator.releasePlain(plain);
      this.#ciphers.delete(o);
      this.#plains.delete(o);
    }
  }

  /** The real parts of the results of a run. */
  results(run: number): Float64Array[] {
    return this.#func.results.map(({ value }) => this.#simulators[run].decrypt(this.#cipher(value, run)).values);
  }

  #cipher(value: Value, run: number): SimulatedCipher {
    const ciphers = this.#ciphers.get(value);
    if (!ciphers) throw new InternalError(`value of ${value.op} used before its definition`);
    return ciphers[run];
  }

  #apply(op: Value, simulator: CkksSimulator, run: number): SimulatedCipher {
    const a = this.#cipher(op.operands[0], run);
    const b = (): SimulatedCipher => this.#cipher(op.operands[1], run);
    const plain = (): SimulatedPlain => {
      const found = this.#plains.get(op.operands[1]);
      if (!found) throw new InternalError(`${op.op} of a vector that is not encoded`);
      return found;
    };
    switch (op.op) {
      case 'ckks.add':
        return simulator.add(a, b());
      case 'ckks.sub':
        return simulator.sub(a, b());
      case 'ckks.mul':
        return simulator.mul(a, b());
      case 'ckks.add_plain':
        return simulator.addPlain(a, plain());
      case 'ckks.mul_plain':
        return simulator.mulPlain(a, plain());
      case 'ckks.negate':
        return simulator.negate(a);
      case 'ckks.relinearize':
        return simulator.relinearize(a);
      case 'ckks.rescale':
        return simulator.rescale(a);
      case 'ckks.mod_switch':
        return simulator.modSwitch(a, levelOf(op));
      case 'ckks.rotate':
        return simulator.rotate(a, numberOf(op, 'steps'));
      case 'ckks.conjugate':
        return simulator.conjugate(a);
      case 'ckks.mul_i':
        return simulator.mulI(a);
      case 'ckks.mod_raise':
        return simulator.modRaise(a, levelOf(op));
      case 'ckks.switch_key': {
        const to = secretName(op.attrs['to']);
        if (!to) throw new InternalError(`${op.op} to no secret`);
        return simulator.switchKey(a, to);
      }
      default:
        throw new InternalError(`${op.op} has no noise`);
    }
  }
}

function encode(op: Value, simulator: CkksSimulator, store: (vector: Float64Array) => Float64Array): SimulatedPlain {
  const { vector } = op.attrs;
  if (vector === undefined || !isTensorAttr(vector) || op.type.kind !== 'plain')
    throw new InternalError(`${op.op} encodes no vector`);
  return simulator.encode(store(vector.data), op.type.level, op.type.scale);
}

function levelOf({ op, type }: Value): number {
  if (type.kind !== 'cipher') throw new InternalError(`${op} gives no ciphertext`);
  return type.level;
}

function numberOf({ op, attrs }: Value, name: string): number {
  const value = attrs[name];
  if (typeof value !== 'number') throw new InternalError(`${op} has no ${name}`);
  return value;
}
