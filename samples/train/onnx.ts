/**
 * Writing a trained network as an ONNX file, and reading its parameters back.
 */
import onnxProto from 'onnx-proto';
import type { onnx as Onnx } from 'onnx-proto';
import { EPSILON } from './layers.ts';
import type { Parameter } from './network.ts';
import { CLASSES, IMAGE_SHAPE, type Layer, type ModelSpec } from './spec.ts';

const { onnx } = onnxProto;
const { AttributeType } = onnx.AttributeProto;
const FLOAT = onnx.TensorProto.DataType.FLOAT;

/**
 * Encodes a network with input `image` [N, 1, 28, 28] and output `logits` [N, 10]. Every node is named after its
 * layer, and so is the value it computes, save for the last.
 */
export function encodeModel(spec: ModelSpec, parameters: readonly Parameter[]): Uint8Array {
  const nodes = graphNodes(spec);
  const initializer = parameters.map((parameter): Onnx.ITensorProto => {
    const { dims, value } = toOnnxLayout(parameter);
    return { name: parameter.name, dims, dataType: FLOAT, rawData: littleEndian(value) };
  });
  const model = onnx.ModelProto.create({
    irVersion: spec.opset >= 20 ? 9 : 7,
    opsetImport: [{ domain: '', version: spec.opset }],
    producerName: 'fhec-samples',
    graph: {
      name: spec.name,
      node: nodes,
      initializer,
      input: [valueInfo('image', IMAGE_SHAPE)],
      output: [valueInfo('logits', [CLASSES])],
    },
  });
  return onnx.ModelProto.encode(model).finish();
}

/** The parameters in a file that encodeModel wrote, in the trainer's layout, in the order of `like`. */
export function decodeParameters(bytes: Uint8Array, like: readonly Parameter[]): Parameter[] {
  const { graph } = onnx.ModelProto.decode(bytes);
  return like.map((parameter) => {
    const tensor = graph?.initializer?.find(({ name }) => name === parameter.name);
    if (!tensor?.rawData || !tensor.dims) throw new Error(`the file has no initializer named ${parameter.name}`);
    const dims = tensor.dims.map(Number);
    return fromOnnxLayout(parameter, dims, fromLittleEndian(tensor.rawData));
  });
}

function graphNodes(spec: ModelSpec): Onnx.INodeProto[] {
  const nodes: Onnx.INodeProto[] = [];
  const visit = (layers: readonly Layer[], input: string): string => {
    let value = input;
    for (const layer of layers) {
      const inner = layer.kind === 'residual' ? [visit(layer.body, value)] : [];
      nodes.push({ name: layer.name, output: [layer.name], ...operation(layer, value, inner) });
      value = layer.name;
    }
    return value;
  };
  visit(spec.layers, 'image');
  nodes.at(-1)!.output = ['logits'];
  return nodes;
}

/** Operator, inputs and attributes of a layer's node; `inner` is the result of a residual layer's body. */
function operation(
  layer: Layer,
  input: string,
  inner: readonly string[],
): { opType: string; input: string[]; attribute?: Onnx.IAttributeProto[] } {
  const own = (...parts: string[]): string[] => [input, ...parts.map((part) => `${layer.name}.${part}`)];
  switch (layer.kind) {
    case 'conv': {
      const stride = layer.stride ?? 1;
      const pad = layer.pad ?? 0;
      return {
        opType: 'Conv',
        input: own('weight', 'bias'),
        attribute: [
          ints('kernel_shape', [layer.kernel, layer.kernel]),
          ints('strides', [stride, stride]),
          ints('pads', [pad, pad, pad, pad]),
        ],
      };
    }
    case 'dense':
      return { opType: 'Gemm', input: own('weight', 'bias'), attribute: [int('transB', 1)] };
    case 'batchnorm':
      return {
        opType: 'BatchNormalization',
        input: own('scale', 'bias', 'mean', 'variance'),
        attribute: [{ name: 'epsilon', type: AttributeType.FLOAT, f: EPSILON }],
      };
    case 'relu':
      return { opType: 'Relu', input: [input] };
    case 'gelu':
      return { opType: 'Gelu', input: [input] };
    case 'avgpool':
    case 'maxpool':
      return {
        opType: layer.kind === 'avgpool' ? 'AveragePool' : 'MaxPool',
        input: [input],
        attribute: [ints('kernel_shape', [layer.size, layer.size]), ints('strides', [layer.size, layer.size])],
      };
    case 'flatten':
      return { opType: 'Flatten', input: [input], attribute: [int('axis', 1)] };
    case 'residual':
      return { opType: 'Add', input: [input, ...inner] };
  }
}

function int(name: string, i: number): Onnx.IAttributeProto {
  return { name, type: AttributeType.INT, i };
}

function ints(name: string, values: number[]): Onnx.IAttributeProto {
  return { name, type: AttributeType.INTS, ints: values };
}

/** A float tensor with the symbolic batch dimension N in front. */
function valueInfo(name: string, extents: readonly number[]): Onnx.IValueInfoProto {
  const dim = [{ dimParam: 'N' }, ...extents.map((dimValue) => ({ dimValue }))];
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}

/** Convolution weights turn from [k, k, in, out] to [out, in, k, k], dense ones from [in, out] to [out, in]. */
function toOnnxLayout({ shape, value }: Parameter): { dims: number[]; value: Float32Array } {
  return permuted(shape, value, shape.length === 4 ? [3, 2, 0, 1] : shape.length === 2 ? [1, 0] : [0]);
}

function fromOnnxLayout(parameter: Parameter, dims: number[], stored: Float32Array): Parameter {
  const order = dims.length === 4 ? [2, 3, 1, 0] : dims.length === 2 ? [1, 0] : [0];
  const { dims: shape, value } = permuted(dims, stored, order);
  if (shape.join() !== parameter.shape.join()) {
    throw new Error(
      `${parameter.name} has shape ${shape.join()} in the file, ${parameter.shape.join()} in the network`,
    );
  }
  return { ...parameter, value };
}

/** Transposes a dense array: axis i of the result is axis order[i] of the source. */
function permuted(
  shape: readonly number[],
  source: Float32Array,
  order: readonly number[],
): { dims: number[]; value: Float32Array } {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
  const dims = order.map((axis) => shape[axis]);
  const value = new Float32Array(source.length);
  for (let i = 0; i < value.length; i++) {
    let rest = i;
    let from = 0;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const extent = dims[axis];
      from += (rest % extent) * strides[order[axis]];
      rest = Math.floor(rest / extent);
    }
    value[i] = source[from]!;
  }
  return { dims, value };
}

function littleEndian(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return bytes;
}

function fromLittleEndian(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
}
