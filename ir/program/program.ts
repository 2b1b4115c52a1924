import type { Parameters } from '../ckks/parameters.ts';
import type { SecretName } from '../ckks/secret.ts';
import type { ClientStep, Port } from '../interface.ts';
import type { Layout } from '../layout.ts';

/** A number that names a value of a program: inputs first, then one for each instruction, in order. */
export type Register = number;

/** One call of a back end. `out` is always the number of inputs plus the instruction's position. */
export type Instruction =
  | { readonly op: 'encode'; readonly constant: number; readonly level: number; readonly scale: number }
  | { readonly op: 'add' | 'sub' | 'mul' | 'add_plain' | 'mul_plain'; readonly args: readonly [Register, Register] }
  | { readonly op: 'negate' | 'relinearize' | 'rescale' | 'conjugate' | 'mul_i'; readonly args: readonly [Register] }
  | { readonly op: 'mod_switch' | 'mod_raise'; readonly args: readonly [Register]; readonly level: number }
  | { readonly op: 'rotate'; readonly args: readonly [Register]; readonly steps: number }
  | { readonly op: 'switch_key'; readonly args: readonly [Register]; readonly to: SecretName };

export type InstructionName = Instruction['op'];

/** A port of the network, and how its tensor is packed into ciphertexts. */
export interface TensorSignature extends Port {
  readonly layout: Layout;
  /** The registers of the ciphertexts: vector v of the layout is registers[v]. */
  readonly registers: readonly Register[];
  readonly level: number;
  readonly scale: number;
}

export interface KeyManifest {
  readonly relinearization: boolean;
  /** The rotation steps whose Galois keys the program needs, ascending, each between 1 and slots - 1. */
  readonly rotations: readonly number[];
  /** Whether it needs the Galois key of the conjugation (element 2N - 1). */
  readonly conjugation: boolean;
  /** The Hamming weight of the ephemeral sparse secret, where the program needs the pair of keys that switch to it and back. */
  readonly sparseWeight?: number;
  /** How far each key must reach; absent: every level. Keys of the native engine go no further, which makes them smaller; SEAL's serve all levels. */
  readonly levels?: KeyLevels;
}

/** For each key of a manifest the highest level of the ciphertexts that it is used on, 0 where there is no such key. */
export interface KeyLevels {
  readonly relinearization: number;
  /** In the order of the manifest's rotations. */
  readonly rotations: readonly number[];
  readonly conjugation: number;
  /** Of the key from the sparse secret back to the dense one. */
  readonly toDense: number;
}

/** Vectors by number: an array, or what reads each of them when it is asked for. */
export interface Constants extends Iterable<Float64Array> {
  readonly length: number;
  /** Undefined where there is none of this number. */
  at(index: number): Float64Array | undefined;
}

/** The exit level: a flat instruction list with everything that a back end needs, and nothing of the compiler. */
export interface Program {
  readonly parameters: Parameters;
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  readonly clientSteps: readonly ClientStep[];
  readonly instructions: readonly Instruction[];
  /** Vectors of length slots, or of length 2 * slots for complex slots (real parts, then imaginary parts), or of length 1 for the same number in every slot. */
  readonly constants: Constants;
  readonly keys: KeyManifest;
  /** For progress and explanations: the ONNX node that each instruction belongs to, as an index into `nodes`, or -1. */
  readonly nodeOf: Int32Array;
  readonly nodes: readonly string[];
  /** The predicted seconds of each instruction, by the cost model of the compilation: for progress and for sharing work between threads. */
  readonly seconds: Float64Array;
}
