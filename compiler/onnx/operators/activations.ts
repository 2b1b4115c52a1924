import type { Attrs } from '../../../ir/define.ts';
import { channelCount } from '../../../ir/nn/define.ts';
import { add, mul, sub } from '../../../ir/nn/elementwise.ts';
import { elementCount } from '../../../ir/tensor.ts';
import type { Importer, ImporterTable, OnnxNode } from '../node.ts';
import { constantOf, shapeOf, type Operand } from '../operand.ts';
import { activationOp } from './activation-op.ts';
import { reshaped } from './axes.ts';
import { largerOf, smallerOf } from './elementwise.ts';

const activation =
  (name: string, attrs: (node: OnnxNode) => Attrs = () => ({})): Importer =>
  (node) =>
    node.emit(activationOp(name), [node.input(0)], attrs(node));

const float = (node: OnnxNode, name: string, absent: number): Attrs => ({
  [name]: node.attributes.float(name, absent),
});

/** The slope of PRelu where it broadcasts against [N, C, ...]: opset 6 gives it by channel. */
function slope(node: OnnxNode, x: Operand): Operand {
  const s = node.input(1);
  const rank = shapeOf(x).length;
  if (node.opset >= 7 || shapeOf(s).length !== 1 || rank < 3) return s;
  return reshaped(node, s, [...shapeOf(s), ...new Array<number>(rank - 2).fill(1)]);
}

/** Slopes by channel, where the slope varies along dimension 1 at most. */
function channelSlopes(x: readonly number[], s: readonly number[]): number | undefined {
  const count = elementCount(s);
  if (count === 1 && s.length <= x.length) return 1;
  const aligned = [...new Array<number>(Math.max(0, x.length - s.length)).fill(1), ...s];
  return x.length >= 2 && aligned.length === x.length && aligned[1] === count && count === channelCount(x)
    ? count
    : undefined;
}

/** PRelu: a leaky ReLU by channel where it is one, else relu(x) + slope * (x - relu(x)), which is exact for any slope. */
function prelu(node: OnnxNode): Operand {
  const x = node.input(0);
  const s = slope(node, x);
  const known = constantOf(s);
  if (known && channelSlopes(shapeOf(x), known.shape) !== undefined) {
    return node.emit(activationOp('leaky_relu'), [x], { alpha: Array.from(known.data) });
  }
  const positive = node.emit(activationOp('relu'), [x]);
  return node.emit(add, [positive, node.emit(mul, [s, node.emit(sub, [x, positive])])]);
}

/** Bounds that stand for none: opset 6 writes the largest float. */
const unbounded = 3.4e38;

function clipBounds(node: OnnxNode): readonly [Operand | undefined, Operand | undefined] {
  if (node.opset >= 11) return [node.optional(1), node.optional(2)];
  const bound = (name: string): Operand | undefined => {
    const value = node.attributes.float(name);
    return value === undefined ? undefined : node.constant({ shape: [], data: Float64Array.of(value) }, 'float');
  };
  return [bound('min'), bound('max')];
}

function bounded(bound: Operand | undefined): Operand | undefined {
  const value = bound && constantOf(bound);
  return value?.data.length === 1 && Math.abs(value.data[0]) >= unbounded ? undefined : bound;
}

/** Clip: one activation for two constant bounds, else by maximum and minimum; the upper bound wins where they cross. */
function clip(node: OnnxNode): Operand {
  const x = node.input(0);
  const given = clipBounds(node);
  if (given.some((b) => b && elementCount(shapeOf(b)) !== 1)) node.malformed('min and max must be scalars');
  const [low, high] = given.map((b) => bounded(b && reshaped(node, b, [])));
  const [min, max] = [low && constantOf(low), high && constantOf(high)];
  if (min && max) return node.emit(activationOp('clip'), [x], { min: min.data[0], max: max.data[0] });
  if (min && !high && min.data[0] === 0) return node.emit(activationOp('relu'), [x]);
  const above = low ? largerOf(node, x, low) : x;
  return high ? smallerOf(node, above, high) : above;
}

function gelu(node: OnnxNode): Operand {
  const form = node.attributes.string('approximate', 'none');
  if (form !== 'none' && form !== 'tanh') node.refuse(`approximate = '${form}' is neither 'none' nor 'tanh'`);
  return node.emit(activationOp('gelu'), [node.input(0)], { tanh: form === 'tanh' });
}

export const activationImporters: ImporterTable = {
  Abs: activation('abs'),
  Relu: activation('relu'),
  LeakyRelu: activation('leaky_relu', (node) => ({ alpha: [node.attributes.float('alpha', 0.01)] })),
  PRelu: prelu,
  Clip: clip,
  Sigmoid: activation('sigmoid'),
  Tanh: activation('tanh'),
  Gelu: gelu,
  Elu: activation('elu', (node) => float(node, 'alpha', 1)),
  Celu: activation('celu', (node) => float(node, 'alpha', 1)),
  // The constants that the ONNX specification writes for Selu.
  Selu: activation('selu', (node) => ({
    ...float(node, 'alpha', 1.67326319217681884765625),
    ...float(node, 'gamma', 1.05070102214813232421875),
  })),
  Softplus: activation('softplus'),
  HardSigmoid: activation('hard_sigmoid', (node) => ({ ...float(node, 'alpha', 0.2), ...float(node, 'beta', 0.5) })),
  HardSwish: activation('hard_swish'),
  Mish: activation('mish'),
  Erf: activation('erf'),
  Sqrt: activation('sqrt'),
  Exp: activation('exp'),
  Reciprocal: activation('reciprocal'),
};
