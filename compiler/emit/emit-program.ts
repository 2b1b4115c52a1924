import { slotCount } from '../../ir/ckks/parameters.ts';
import { defaultSparseWeight, secretName } from '../../ir/ckks/secret.ts';
import { isTensorAttr } from '../../ir/define.ts';
import { fail, InternalError, onnxNodes, type Loc } from '../../ir/diagnostics.ts';
import type { Port } from '../../ir/interface.ts';
import { paramName, vectorName, type Func, type Module, type Value } from '../../ir/module.ts';
import { keyLevels } from '../../ir/program/key-levels.ts';
import type { Instruction, KeyManifest, Program, Register, TensorSignature } from '../../ir/program/program.ts';
import { defaultCostModel, type CostModel } from '../../passes/analysis/cost-model.ts';
import { opSeconds } from '../../passes/analysis/cost.ts';
import { checkModule } from '../../passes/check/check-module.ts';
import { ConstantPool } from './constant-pool.ts';

export interface EmitOptions {
  /** Lets parameters pass that say themselves that they are insecure. */
  readonly insecureForTests?: boolean;
  /** The Hamming weight of the sparse secret, where the module switches to one. */
  readonly sparseWeight?: number;
  /** Predicts the seconds of each instruction. */
  readonly costModel?: CostModel;
}

/**
 * Flattens a scheduled ckks module into a program: one instruction an op, in order; constants once each by content; the ports of the
 * interface as signatures. The checkers of passes/check run first: any finding throws (FHE0503, FHE0504, FHE0601).
 */
export function emitProgram(module: Module, options: EmitOptions = {}): Program {
  const { parameters, interface: described } = module;
  const main = module.funcs.find((f) => f.name === 'main');
  if (module.level !== 'ckks' || !parameters || !described || !main)
    throw new InternalError('a program is emitted from a ckks module with parameters, interface and main');
  checkModule(module, options);
  const model = options.costModel ?? defaultCostModel;
  const registers = new Map<Value, Register>([...main.params, ...main.body].map((v, i) => [v, i]));
  const registerOf = (value: Value): Register => {
    const register = registers.get(value);
    if (register === undefined) throw new InternalError(`value of ${value.op} is not in the body of main`);
    return register;
  };
  const pool = new ConstantPool(slotCount(parameters));
  const instructions = main.body.map((value) => instructionOf(value, registerOf, pool));
  const params = new Map(main.params.map((p) => [paramName(p), p]));
  const results = new Map(main.results.map((r) => [r.name, r.value]));
  const inputs = described.inputs.map((port) => signature(port, params, registerOf));
  const order = inputs.flatMap((input) => input.registers);
  if (order.length !== main.params.length || order.some((r, i) => r !== i))
    throw new InternalError('the parameters of main do not stand in the order of the interface');
  return {
    parameters,
    inputs,
    outputs: described.outputs.map((port) => signature(port, results, registerOf)),
    clientSteps: described.clientSteps,
    instructions,
    constants: pool.constants,
    keys: keysOf(instructions, [...main.params, ...main.body], options.sparseWeight ?? defaultSparseWeight),
    ...nodeTable(main),
    seconds: Float64Array.from(main.body, (value) => opSeconds(value, parameters, model)),
  };
}

function instructionOf(value: Value, registerOf: (v: Value) => Register, pool: ConstantPool): Instruction {
  const [a, b] = value.operands;
  const number = (name: string): number => {
    const attr = value.attrs[name];
    if (typeof attr !== 'number') throw new InternalError(`${value.op} without ${name}`);
    return attr;
  };
  switch (value.op) {
    case 'ckks.encode': {
      const { vector } = value.attrs;
      if (vector === undefined || !isTensorAttr(vector)) throw new InternalError('ckks.encode without a vector');
      return { op: 'encode', constant: pool.add(vector.data), level: number('level'), scale: number('scale') };
    }
    case 'ckks.add':
    case 'ckks.sub':
    case 'ckks.mul':
    case 'ckks.add_plain':
    case 'ckks.mul_plain':
      return { op: binaryNames[value.op], args: [registerOf(a), registerOf(b)] };
    case 'ckks.negate':
    case 'ckks.relinearize':
    case 'ckks.rescale':
    case 'ckks.conjugate':
    case 'ckks.mul_i':
      return { op: unaryNames[value.op], args: [registerOf(a)] };
    case 'ckks.mod_switch':
      return { op: 'mod_switch', args: [registerOf(a)], level: number('level') };
    case 'ckks.mod_raise':
      return { op: 'mod_raise', args: [registerOf(a)], level: number('level') };
    case 'ckks.switch_key': {
      const to = secretName(value.attrs['to']);
      if (!to) throw new InternalError('ckks.switch_key to no secret');
      return { op: 'switch_key', args: [registerOf(a)], to };
    }
    case 'ckks.rotate':
      return { op: 'rotate', args: [registerOf(a)], steps: number('steps') };
    default:
      throw new InternalError(`no instruction for ${value.op}`);
  }
}

const binaryNames = {
  'ckks.add': 'add',
  'ckks.sub': 'sub',
  'ckks.mul': 'mul',
  'ckks.add_plain': 'add_plain',
  'ckks.mul_plain': 'mul_plain',
} as const;

const unaryNames = {
  'ckks.negate': 'negate',
  'ckks.relinearize': 'relinearize',
  'ckks.rescale': 'rescale',
  'ckks.conjugate': 'conjugate',
  'ckks.mul_i': 'mul_i',
} as const;

function signature(
  port: Port,
  values: ReadonlyMap<string, Value>,
  registerOf: (v: Value) => Register,
): TensorSignature {
  const vectors: Value[] = [];
  for (
    let value = values.get(vectorName(port.name, 0));
    value;
    value = values.get(vectorName(port.name, vectors.length))
  )
    vectors.push(value);
  const { layout } = port;
  const type = vectors[0]?.type;
  if (!layout || type?.kind !== 'cipher') throw new InternalError(`port '${port.name}' has no layout or no vectors`);
  const { level, scale } = type;
  for (const { type: other, loc } of vectors) {
    if (other.kind !== 'cipher' || other.level !== level || other.scale !== scale)
      fail('FHE0503', `the vectors of '${port.name}' are not at one level and scale`, loc);
  }
  return { ...port, layout, registers: vectors.map(registerOf), level, scale };
}

/** The keys that a list of instructions needs. `values`: what stands in each register. */
function keysOf(instructions: readonly Instruction[], values: readonly Value[], sparseWeight: number): KeyManifest {
  const steps = new Set(instructions.flatMap((i) => (i.op === 'rotate' ? [i.steps] : [])));
  const rotations = [...steps].sort((a, b) => a - b);
  const levelOf = (register: Register): number => {
    const { type } = values[register];
    if (type.kind !== 'cipher') throw new InternalError(`a key is used on a ${type.kind}`);
    return type.level;
  };
  return {
    relinearization: instructions.some((i) => i.op === 'relinearize'),
    rotations,
    conjugation: instructions.some((i) => i.op === 'conjugate'),
    ...(instructions.some((i) => i.op === 'switch_key') && { sparseWeight }),
    levels: keyLevels(instructions, rotations, levelOf),
  };
}

function nodeTable(main: Func): Pick<Program, 'nodes' | 'nodeOf'> {
  const index = new Map<string, number>();
  const nodeIndex = (loc: Loc): number => {
    const node = onnxNodes(loc).at(0);
    if (node === undefined) return -1;
    const known = index.get(node) ?? index.size;
    index.set(node, known);
    return known;
  };
  const nodeOf = Int32Array.from(main.body, (value) => nodeIndex(value.loc));
  return { nodes: [...index.keys()], nodeOf };
}
