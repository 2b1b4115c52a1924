import onnxProto, { type onnx } from 'onnx-proto';

/** Numbers of TensorProto.DataType. */
export const dataTypes = { float: 1, int32: 6, int64: 7, bool: 9, float16: 10, double: 11, bfloat16: 16 } as const;

export type AttributeValue = number | string | readonly number[] | onnx.ITensorProto | { readonly float: number };

/** An attribute: whole numbers are `int` and lists `ints`; `{ float }` is a float. */
function attribute(name: string, value: AttributeValue): onnx.IAttributeProto {
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  if (typeof value === 'number') return { name, type: 2, i: value };
  if (Array.isArray(value)) return { name, type: 7, ints: [...(value as readonly number[])] };
  if ('float' in value) return { name, type: 1, f: value.float };
  return { name, type: 4, t: value as onnx.ITensorProto };
}

export function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  name = '',
): onnx.INodeProto {
  const list = Object.entries(attributes).map(([key, value]) => attribute(key, value));
  return { opType, input: [...input], output: [...output], attribute: list, name };
}

export const floatTensor = (name: string, dims: readonly number[], data: readonly number[]): onnx.ITensorProto => ({
  name,
  dims: [...dims],
  dataType: dataTypes.float,
  floatData: [...data],
});

export const intTensor = (name: string, data: readonly number[]): onnx.ITensorProto => ({
  name,
  dims: [data.length],
  dataType: dataTypes.int64,
  int64Data: [...data],
});

/** A graph input or output; a string is a symbolic dimension. */
export const port = (
  name: string,
  dims: readonly (number | string)[],
  elemType: number = dataTypes.float,
): onnx.IValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType,
      shape: { dim: dims.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d })) },
    },
  },
});

interface ModelParts {
  readonly opset?: number;
  readonly inputs: readonly onnx.IValueInfoProto[];
  readonly outputs: readonly string[];
  readonly nodes: readonly onnx.INodeProto[];
  readonly initializers?: readonly onnx.ITensorProto[];
}

/** The bytes of a model. */
export function model({ opset = 17, inputs, outputs, nodes, initializers = [] }: ModelParts): Uint8Array {
  const writer = onnxProto.onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      name: 'graph',
      node: [...nodes],
      input: [...inputs],
      output: outputs.map((name) => ({ name })),
      initializer: [...initializers],
    },
  });
  // A plain array: the writer's Buffer would share its memory with every slice.
  return Uint8Array.from(writer.finish());
}

/** A small classifier that uses most families of operators: convolution, batch normalisation, pooling, a shape computed at run time, Gemm, Softmax. */
export function smallNetwork(): Uint8Array {
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => Math.sin(i + 1) / 2);
  return model({
    inputs: [port('image', ['batch', 1, 6, 6])],
    outputs: ['probabilities'],
    initializers: [
      floatTensor('w', [2, 1, 3, 3], numbers(18)),
      floatTensor('b', [2], [0.1, -0.1]),
      floatTensor('scale', [2], [1, 2]),
      floatTensor('shift', [2], [0.5, 0]),
      floatTensor('mean', [2], [0, 0.1]),
      floatTensor('var', [2], [1, 4]),
      floatTensor('dense', [3, 18], numbers(54)),
      floatTensor('bias', [3], [0, 1, 2]),
      intTensor('first', [0]),
      intTensor('rest', [-1]),
    ],
    nodes: [
      node('Conv', ['image', 'w', 'b'], ['c'], { pads: [1, 1, 1, 1], kernel_shape: [3, 3] }),
      node('BatchNormalization', ['c', 'scale', 'shift', 'mean', 'var'], ['n']),
      node('Relu', ['n'], ['r']),
      node('MaxPool', ['r'], ['p'], { kernel_shape: [2, 2], strides: [2, 2] }),
      node('Shape', ['p'], ['s']),
      node('Gather', ['s', 'first'], ['batch']),
      node('Concat', ['batch', 'rest'], ['flat'], { axis: 0 }),
      node('Reshape', ['p', 'flat'], ['f']),
      node('Gemm', ['f', 'dense', 'bias'], ['logits'], { transB: 1 }, 'classifier'),
      node('Softmax', ['logits'], ['probabilities']),
    ],
  });
}
