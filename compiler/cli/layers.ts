import { slotCount } from '../../ir/ckks/parameters.ts';
import { rowMajorLayout } from '../../ir/layout.ts';
import type { Instruction, Program, Register, TensorSignature } from '../../ir/program/program.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { disassembleProgram } from '../emit/disassemble-program.ts';

/** The ciphertexts that an ONNX node hands on to others. */
export interface Layer {
  readonly node: string;
  /** Of the last of them. */
  readonly level: number;
  /** Their outputs of the program that hands them out. */
  readonly outputs: readonly number[];
}

/**
 * The same program with what each node hands on as further results, so that a client that runs it can look at them: all slots, as they are. No
 * instruction changes. What is under the sparse secret or not relinearized yet stays inside.
 */
export function withLayers(program: Program): { readonly program: Program; readonly layers: readonly Layer[] } {
  const slots = slotCount(program.parameters);
  const [main] = disassembleProgram(program).funcs;
  const types = [...main.params, ...main.body].map((value) => value.type);
  const outputs: TensorSignature[] = [...program.outputs];
  const layers = new Map<number, Layer>();
  for (const register of handedOn(program)) {
    const type = types[register];
    if (type.kind !== 'cipher' || type.size !== 2) continue;
    const { level, scale } = type;
    const node = program.nodeOf[register - main.params.length];
    const before = layers.get(node)?.outputs ?? [];
    layers.set(node, { node: program.nodes[node], level, outputs: [...before, outputs.length] });
    const signature = { shape: [slots], factor: [1], layout: rowMajorLayout(slots) };
    outputs.push({ name: `register ${register}`, ...signature, registers: [register], level, scale });
  }
  return { program: { ...program, outputs, clientSteps: [] }, layers: [...layers.values()] };
}

/** Registers that another node reads, or that are results, by the order in which they are made. */
function handedOn({ instructions, inputs, outputs, nodeOf }: Program): Register[] {
  const first = inputs.reduce((n, { registers }) => n + registers.length, 0);
  const found = new Set<Register>();
  const use = (register: Register, by: number): void => {
    const at = register - first;
    if (at >= 0 && nodeOf[at] >= 0 && nodeOf[at] !== by && !isSparse(instructions[at])) found.add(register);
  };
  instructions.forEach((instruction, at) => {
    if (instruction.op !== 'encode') for (const register of instruction.args) use(register, nodeOf[at]);
  });
  for (const { registers } of outputs) for (const register of registers) use(register, -2);
  return [...found].sort((a, b) => a - b);
}

/** Whether the result is under the sparse secret, which is not the client's to decrypt with. */
const isSparse = (instruction: Instruction): boolean =>
  instruction.op === 'mod_raise' || (instruction.op === 'switch_key' && instruction.to === 'sparse');

/** How far the slots of a layer lie from the exact ones. */
export interface LayerError {
  readonly node: string;
  readonly level: number;
  readonly ciphertexts: number;
  /** The largest exact value in any slot. */
  readonly magnitude: number;
  readonly largest: number;
  readonly mean: number;
  /** Of the magnitude above the largest error. */
  readonly bits: number;
}

/** `exact` and `got`: all outputs of the program that {@link withLayers} made. */
export function compareLayers(
  layers: readonly Layer[],
  exact: readonly Tensor[],
  got: readonly Tensor[],
): readonly LayerError[] {
  return layers.map(({ node, level, outputs }) => {
    let [magnitude, largest, sum, count] = [0, 0, 0, 0];
    for (const output of outputs) {
      const found = got[output].data;
      exact[output].data.forEach((value, i) => {
        const error = Math.abs(found[i] - value);
        magnitude = Math.max(magnitude, Math.abs(value));
        largest = Math.max(largest, error);
        sum += error;
        count++;
      });
    }
    const bits = largest > 0 ? Math.log2(magnitude / largest) : Infinity;
    return { node, level, ciphertexts: outputs.length, magnitude, largest, mean: sum / count, bits };
  });
}
