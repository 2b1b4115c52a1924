import type { onnx } from 'onnx-proto';
import { Builder } from '../../ir/builder.ts';
import { fail, type Loc } from '../../ir/diagnostics.ts';
import type { NetworkInterface, Port } from '../../ir/interface.ts';
import type { Module, Result, Value } from '../../ir/module.ts';
import { constant } from '../../ir/nn/elementwise.ts';
import { sameShape, type Tensor } from '../../ir/tensor.ts';
import { tensorType } from '../../ir/types.ts';
import { Attributes } from './attributes.ts';
import { splitClientSteps } from './client-steps.ts';
import { FoldingBudget } from './folding.ts';
import { inputType } from './inputs.ts';
import { OnnxNode } from './node.ts';
import { toNumber } from './numbers.ts';
import { shapeOf, type Operand } from './operand.ts';
import { importers, oldestOpsetOf } from './operators/table.ts';
import { readModel } from './read.ts';
import { decodeTensor, type ExternalData } from './tensors.ts';

export interface ImportOptions {
  /** Reads the files that hold external tensor data, by the path that the model names, relative to its folder. */
  readonly externalData?: ExternalData;
  /** Keeps a final softmax or argmax as an op of the module, where it would become a step of the client. */
  readonly keepClientSteps?: boolean;
  /** Values of graph inputs that are known at compile time (a shape, axes): they become constants, and are no inputs of the network. */
  readonly constants?: ReadonlyMap<string, Tensor>;
}

const newestOpset = 28;

/**
 * Imports an ONNX model as a module of the nn level, its network as the function `main`. Constants are folded, a symbolic batch dimension is 1.
 * Throws FhecError: FHE0201 to FHE0208 for models that are damaged or that cannot be imported, FHE0501 for steps that encrypted data cannot do.
 */
export function importOnnx(bytes: Uint8Array, options: ImportOptions = {}): Module {
  const model = readModel(bytes);
  return importGraph(model.graph ?? {}, opsetOf(model), options, bytes.length);
}

const isDefaultDomain = (domain: string | null | undefined): boolean => !domain || domain === 'ai.onnx';

function opsetOf(model: onnx.IModelProto): number {
  const versions = (model.opsetImport ?? []).filter((o) => isDefaultDomain(o.domain)).map((o) => toNumber(o.version));
  const opset = versions.length > 0 ? Math.max(...versions) : 1;
  if (opset < 1 || opset > newestOpset) fail('FHE0204', `the model uses opset ${opset}; known are 1 to ${newestOpset}`);
  return opset;
}

const inputLoc = (name: string): Loc => ({ kind: 'onnx', node: name, operator: 'input' });
const initializerLoc = (name: string): Loc => ({ kind: 'onnx', node: name, operator: 'initializer' });

/** The names of a graph while it is imported. */
type Names = Map<string, Operand>;

function define(names: Names, name: string, operand: Operand, loc: Loc): void {
  if (names.has(name)) fail('FHE0208', `the name '${name}' is defined twice`, loc);
  names.set(name, operand);
}

/** What the parts of one import share. */
interface GraphImport {
  readonly graph: onnx.IGraphProto;
  readonly opset: number;
  readonly options: ImportOptions;
  readonly builder: Builder;
  readonly names: Names;
  /** The names that the outputs of the graph depend on; everything else is left out. */
  readonly live: ReadonlySet<string>;
}

function importGraph(graph: onnx.IGraphProto, opset: number, options: ImportOptions, bytes: number): Module {
  const context: GraphImport = {
    graph,
    opset,
    options,
    builder: new Builder(),
    names: new Map(),
    live: liveNames(graph),
  };
  const given = defineInitializers(context);
  const inputs = defineInputs(context);
  const budget = new FoldingBudget(given + bytes);
  (graph.node ?? []).forEach((proto, index) => {
    if ((proto.output ?? []).some((o) => context.live.has(o))) importNode(context, proto, index, budget);
  });
  const outputs = (graph.output ?? []).map((output): Result => {
    const name = output.name ?? '';
    const operand = context.names.get(name) ?? fail('FHE0208', `output '${name}' of the graph is computed by no node`);
    return { name, value: operand.value };
  });
  if (outputs.length === 0) fail('FHE0208', 'the graph has no output');
  if (new Set(outputs.map((o) => o.name)).size < outputs.length)
    fail('FHE0208', 'an output of the graph is listed twice');
  return networkModule(context.builder, inputs, outputs, options);
}

function networkModule(
  builder: Builder,
  inputs: readonly Port[],
  outputs: readonly Result[],
  options: ImportOptions,
): Module {
  const body = builder.finish('main', outputs).body;
  const { results, clientSteps } = options.keepClientSteps
    ? { results: outputs, clientSteps: [] }
    : splitClientSteps(outputs, body);
  const network: NetworkInterface = { inputs, outputs: results.map(outputPort), clientSteps };
  return { level: 'nn', interface: network, funcs: [builder.finish('main', results)] };
}

const outputPort = ({ name, value }: Result): Port => ({ name, shape: shapeOfValue(value), factor: [1] });
const shapeOfValue = (value: Value): readonly number[] => shapeOf({ value, kind: 'float' });

/** The names that the outputs of the graph depend on. */
function liveNames(graph: onnx.IGraphProto): ReadonlySet<string> {
  const maker = new Map<string, onnx.INodeProto>();
  for (const node of graph.node ?? []) for (const output of node.output ?? []) if (output) maker.set(output, node);
  const live = new Set<string>();
  const stack = (graph.output ?? []).map((o) => o.name ?? '');
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    if (live.has(name)) continue;
    live.add(name);
    stack.push(...(maker.get(name)?.input ?? []).filter((i) => i !== ''));
  }
  return live;
}

/** Makes a constant of each initialiser in use; returns how many numbers they hold. */
function defineInitializers({ graph, builder, names, live, options }: GraphImport): number {
  let given = 0;
  for (const proto of graph.initializer ?? []) {
    const name = proto.name ?? '';
    if (!live.has(name)) continue;
    const loc = initializerLoc(name);
    const { tensor: value, kind } = decodeTensor(proto, `initialiser '${name}'`, loc, options.externalData);
    define(names, name, { value: builder.create(constant, [], { value }, loc), kind }, loc);
    given += value.data.length;
  }
  const sparse = (graph.sparseInitializer ?? []).map((s) => s.values?.name ?? '').find((name) => live.has(name));
  if (sparse !== undefined)
    fail('FHE0205', `initialiser '${sparse}' is sparse; store it as a dense tensor`, initializerLoc(sparse));
  return given;
}

/** Makes a parameter of each input of the graph that is neither an initialiser nor a given constant, and returns their ports. */
function defineInputs({ graph, builder, names, options }: GraphImport): Port[] {
  const ports: Port[] = [];
  const initialisers = new Set((graph.initializer ?? []).map((i) => i.name ?? ''));
  for (const input of graph.input ?? []) {
    const name = input.name ?? '';
    const loc = inputLoc(name);
    if (initialisers.has(name)) continue;
    const { shape, kind } = inputType(input, loc);
    const value = options.constants?.get(name);
    if (value) {
      if (!sameShape(value.shape, shape))
        fail('FHE0206', `the constant for input '${name}' has another shape than declared`, loc);
      define(names, name, { value: builder.create(constant, [], { value }, loc), kind }, loc);
    } else {
      define(names, name, { value: builder.param(name, tensorType(shape), loc), kind }, loc);
      ports.push({ name, shape, factor: [1] });
    }
  }
  return ports;
}

function importNode(context: GraphImport, proto: onnx.INodeProto, index: number, budget: FoldingBudget): void {
  const { opset, builder, names, live, options } = context;
  const operator = proto.opType ?? '';
  const loc: Loc = { kind: 'onnx', node: proto.name ?? '', operator };
  const named: Loc = loc.node === '' ? { ...loc, node: `${operator}_${index}` } : loc;
  const importer = isDefaultDomain(proto.domain) ? importers.get(operator) : undefined;
  if (!importer) return refuseOperator(proto, named);
  const oldest = oldestOpsetOf(operator);
  if (opset < oldest) fail('FHE0204', `${operator} of opset ${opset} is too old; the oldest known is ${oldest}`, named);
  const node = new OnnxNode({
    operator,
    opset,
    loc: named,
    inputs: (proto.input ?? []).map((name) => operandNamed(name, names, named)),
    outputs: proto.output ?? [],
    attributes: new Attributes(proto, named, options.externalData),
    builder,
    budget,
  });
  const imported = importer(node);
  const results = 'value' in imported ? [imported] : imported;
  refuseLeftovers(node, results.length, live);
  node.outputs.forEach((name, i) => {
    if (name !== '' && i < results.length) define(names, name, results[i], named);
  });
}

function operandNamed(name: string, names: Names, loc: Loc): Operand | undefined {
  if (name === '') return undefined;
  return names.get(name) ?? fail('FHE0208', `input '${name}' is used before it is defined`, loc);
}

function refuseOperator(proto: onnx.INodeProto, loc: Loc): never {
  const operator = proto.opType ?? '';
  const subgraph = (proto.attribute ?? []).some((a) => a.g || (a.graphs ?? []).length > 0);
  if (subgraph) {
    return fail(
      'FHE0202',
      `${operator} runs a sub-graph under a condition, which encrypted data cannot decide; unroll it at export`,
      loc,
    );
  }
  const domain = isDefaultDomain(proto.domain) ? '' : ` of the domain '${proto.domain ?? ''}'`;
  return fail('FHE0202', `operator ${operator}${domain} is not supported`, loc);
}

/** Refuses what the importer of the node did not look at: nothing that the model says is ignored. */
function refuseLeftovers(node: OnnxNode, results: number, live: ReadonlySet<string>): void {
  const [attribute] = node.attributes.unknown();
  if (attribute !== undefined) node.refuse(`attribute '${attribute}' is not supported in opset ${node.opset}`);
  if (node.unknownInputs() > 0) node.refuse('it has more inputs than the operator takes');
  const output = node.outputs.find((name, i) => i >= results && live.has(name));
  if (output !== undefined) node.refuse(`its further output '${output}' is used, which is not supported`);
}
