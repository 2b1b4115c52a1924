import { elementsOf, type Graph, type Image } from './graph.ts';

/** Part of a network: from one value to another. */
type Block = (graph: Graph, x: Image) => Image;

/** What keeps encrypted tests fast. */
const mostElements = 400;

interface ConvolutionShape {
  readonly filters: number;
  readonly kernel: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly dilations?: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads?: readonly [number, number, number, number];
  readonly group?: number;
}

function convolution(graph: Graph, x: Image, shape: ConvolutionShape): Image {
  const { filters, kernel, strides = [1, 1], dilations = [1, 1], pads = [0, 0, 0, 0], group = 1 } = shape;
  const perGroup = x.channels / group;
  const operands = [x.name, graph.weights([filters, perGroup, ...kernel], perGroup * kernel[0] * kernel[1])];
  if (graph.draw.chance(0.6)) operands.push(graph.constant([filters], 0.3));
  const name = graph.add('Conv', operands, { kernel_shape: kernel, strides, dilations, pads, group });
  const along = (size: number, axis: 0 | 1): number =>
    Math.floor((size + pads[axis] + pads[axis + 2] - dilations[axis] * (kernel[axis] - 1) - 1) / strides[axis]) + 1;
  return { name, channels: filters, height: along(x.height, 0), width: along(x.width, 1) };
}

/** Any kernel, stride, dilation, padding and grouping that leaves an image. */
const anyConvolution: Block = (graph, x) => {
  const { draw } = graph;
  const group = draw.pick([1, 1, 2, x.channels].filter((g) => x.channels % g === 0));
  const axis = (size: number) => {
    const kernel = draw.whole(1, Math.min(3, size));
    const dilation = draw.pick([1, 1, 2].filter((d) => d * (kernel - 1) < size));
    return { kernel, dilation, stride: draw.pick([1, 1, 2]), before: draw.whole(0, 1), after: draw.whole(0, 1) };
  };
  const [y, w] = [axis(x.height), axis(x.width)];
  return convolution(graph, x, {
    filters: group * draw.whole(1, Math.max(1, Math.floor(6 / group))),
    kernel: [y.kernel, w.kernel],
    strides: [y.stride, w.stride],
    dilations: [y.dilation, w.dilation],
    pads: [y.before, w.before, y.after, w.after],
    group,
  });
};

/** A convolution of 3x3 that keeps height and width. */
const sameConvolution = (graph: Graph, x: Image, filters: number, stride = 1): Image =>
  convolution(graph, x, { filters, kernel: [3, 3], pads: [1, 1, 1, 1], strides: [stride, stride] });

const depthwiseSeparable: Block = (graph, x) => {
  const depthwise = convolution(graph, x, {
    filters: x.channels,
    kernel: [3, 3],
    pads: [1, 1, 1, 1],
    group: x.channels,
  });
  return convolution(graph, activation(graph, depthwise), { filters: graph.draw.whole(2, 6), kernel: [1, 1] });
};

/** Stride 2 and up: each pixel becomes a window. */
const transposed: Block = (graph, x) => {
  const filters = graph.draw.whole(1, 3);
  const weights = graph.weights([x.channels, filters, 2, 2], x.channels);
  const attributes = { kernel_shape: [2, 2], strides: [2, 2] };
  const name = graph.add('ConvTranspose', [x.name, weights], attributes);
  return { name, channels: filters, height: 2 * x.height, width: 2 * x.width };
};

const activations = [
  ...['Relu', 'Relu', 'Relu', 'LeakyRelu', 'Sigmoid', 'Tanh', 'Elu', 'Selu', 'Softplus'],
  ...['HardSwish', 'HardSigmoid', 'Abs', 'Mish'],
] as const;

/** An operator of its own, SiLU as it is exported, or a slope for each channel. */
const activation: Block = (graph, x) => {
  const { draw } = graph;
  const name = draw.pick([
    () => graph.add(draw.pick(activations), [x.name]),
    () => graph.add(draw.pick(activations), [x.name]),
    () => graph.add('Clip', [x.name, graph.constant([], 0, -1), graph.constant([], 0, 1)]),
    () => graph.add('PRelu', [x.name, graph.constant([x.channels, 1, 1], 0.2, 0.2)]),
    () => graph.add('Mul', [x.name, graph.add('Sigmoid', [x.name])]),
  ])();
  return { ...x, name };
};

const normalisation: Block = (graph, x) => {
  const each = (spread: number, mean: number): string => graph.constant([x.channels], spread, mean);
  const operands = [x.name, each(0.4, 1), each(0.3, 0), each(0.3, 0), each(0.4, 1)];
  return { ...x, name: graph.add('BatchNormalization', operands, { epsilon: { float: 1e-3 } }) };
};

/** Windows of any size and stride, of whole images and beyond their edges. */
const overlapping =
  (operator: 'AveragePool' | 'MaxPool'): Block =>
  (graph, x) => {
    const { draw } = graph;
    const axis = (size: number) => ({ kernel: Math.min(3, size), stride: draw.whole(1, 3), before: draw.whole(0, 1) });
    const [y, w] = [axis(x.height), axis(x.width)].map((a) => ({ ...a, before: a.kernel > 1 ? a.before : 0 }));
    const ceil = draw.whole(0, 1);
    const name = graph.add(operator, [x.name], {
      kernel_shape: [y.kernel, w.kernel],
      strides: [y.stride, w.stride],
      pads: [y.before, w.before, 0, 0],
      ceil_mode: ceil,
      ...(operator === 'AveragePool' && { count_include_pad: draw.whole(0, 1) }),
    });
    const along = (size: number, { kernel, stride, before }: typeof y): number => {
      const free = size + before - kernel;
      const windows = Math.floor((free + ceil * (stride - 1)) / stride) + 1;
      // A last window that would begin beyond the image is left out.
      return (windows - 1) * stride >= size + before ? windows - 1 : windows;
    };
    return { name, channels: x.channels, height: along(x.height, y), width: along(x.width, w) };
  };

const pooling =
  (operator: 'AveragePool' | 'MaxPool'): Block =>
  (graph, x) => {
    const kernel = [Math.min(2, x.height), Math.min(2, x.width)];
    const strides = graph.draw.chance(0.7) ? kernel : [1, 1];
    const name = graph.add(operator, [x.name], { kernel_shape: kernel, strides });
    const along = (size: number, axis: 0 | 1): number => Math.floor((size - kernel[axis]) / strides[axis]) + 1;
    return { name, channels: x.channels, height: along(x.height, 0), width: along(x.width, 1) };
  };

/** Two convolutions beside a shortcut: as it is, or a convolution of 1x1 where shapes change. */
const residual: Block = (graph, x) => {
  const { draw } = graph;
  const [filters, stride] = draw.chance(0.5) ? [x.channels, 1] : [draw.whole(2, 6), draw.pick([1, 2])];
  const body = sameConvolution(graph, activation(graph, sameConvolution(graph, x, filters, stride)), filters);
  const shortcut =
    filters === x.channels && stride === 1
      ? x
      : convolution(graph, x, { filters, kernel: [1, 1], strides: [stride, stride] });
  const sum = graph.add(draw.pick(['Add', 'Add', 'Sub']), [body.name, shortcut.name]);
  return draw.chance(0.7) ? activation(graph, { ...body, name: sum }) : { ...body, name: sum };
};

/** Branches of different kernels and activations, one channel after the other's. */
const branches: Block = (graph, x) => {
  const { draw } = graph;
  const makers: readonly Block[] = [
    (_, input) => activation(graph, sameConvolution(graph, input, draw.whole(1, 3))),
    (_, input) => convolution(graph, input, { filters: draw.whole(1, 3), kernel: [1, 1] }),
    (_, input) => activation(graph, input),
    (_, input) => input,
  ];
  const made = Array.from({ length: draw.whole(2, 3) }, () => draw.pick(makers)(graph, x));
  const name = graph.add('Concat', [...made.map((m) => m.name)], { axis: 1 });
  return { ...x, name, channels: made.reduce((n, m) => n + m.channels, 0) };
};

/** Squeeze and excite: every channel times a number that all pixels decide. */
const excitation: Block = (graph, x) => {
  const mean: Image = { ...x, name: graph.add('GlobalAveragePool', [x.name]), height: 1, width: 1 };
  const weight = convolution(graph, mean, { filters: x.channels, kernel: [1, 1] });
  return { ...x, name: graph.add('Mul', [x.name, graph.add('Sigmoid', [weight.name])]) };
};

/** Arithmetic with constants, of a channel or of a pixel. */
const arithmetic: Block = (graph, x) => {
  const { draw } = graph;
  const shape = draw.pick([[], [x.channels, 1, 1], [1, x.height, x.width], [1, 1, 1, x.width]]);
  const name = draw.pick([
    () => graph.add('Mul', [x.name, graph.constant(shape, 0.3, 1)]),
    () => graph.add('Add', [x.name, graph.constant(shape, 0.5)]),
    () => graph.add('Sub', [graph.constant(shape, 0.5), x.name]),
    () => graph.add('Div', [x.name, graph.constant(shape, 0.3, 1.5)]),
  ])();
  return { ...x, name };
};

/** Sizes that stay: an image within edges of zeros, and a part of it again. */
const framed: Block = (graph, x) => {
  const { draw } = graph;
  const [top, left, bottom, right] = Array.from({ length: 4 }, () => draw.whole(0, 2));
  const pads = graph.integers([0, 0, top, left, 0, 0, bottom, right]);
  const name = graph.add('Pad', [x.name, pads], { mode: draw.pick(['constant', 'edge']) });
  const framedImage = { ...x, name, height: x.height + top + bottom, width: x.width + left + right };
  const [y, from] = [draw.whole(0, top), draw.whole(0, left)];
  const bounds = [
    [y, from],
    [y + x.height, from + x.width],
    [2, 3],
  ].map((list) => graph.integers(list));
  return { ...x, name: graph.add('Slice', [framedImage.name, ...bounds]) };
};

/** Every second channel, as ResNets without weights in their shortcuts take pixels, beside what a convolution makes of all. */
const halves: Block = (graph, x) => {
  if (x.channels < 2) return convolutionAndActivation(graph, x);
  const first = Math.floor(x.channels / 2);
  const split = (from: number, to: number): string =>
    graph.add('Slice', [x.name, graph.integers([from]), graph.integers([to]), graph.integers([1])]);
  const [left, right] = [split(0, first), split(first, x.channels)];
  const turned = activation(graph, sameConvolution(graph, { ...x, name: left, channels: first }, first));
  return { ...x, name: graph.add('Concat', [right, turned.name], { axis: 1 }) };
};

/** Pixels that are mixed by a matrix, across the rows. */
const mixed: Block = (graph, x) => {
  const width = graph.draw.whole(2, 6);
  const name = graph.add('MatMul', [x.name, graph.weights([x.width, width], x.width)]);
  return { ...x, name, width };
};

/** Nearest neighbours, as upsampling networks have them. */
const enlarged: Block = (graph, x) => {
  const scales = graph.numbers([1, 1, 2, 1]);
  const attributes = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
  return { ...x, name: graph.add('Resize', [x.name, '', scales], attributes), height: 2 * x.height };
};

/** The mean over channels, which every channel is compared with. */
const centred: Block = (graph, x) => {
  const mean = graph.add('ReduceMean', [x.name], { axes: [1], keepdims: 1 });
  return { ...x, name: graph.add('Sub', [x.name, mean]) };
};

const turned: Block = (graph, x) => ({
  ...x,
  name: graph.add('Transpose', [x.name], { perm: [0, 1, 3, 2] }),
  height: x.width,
  width: x.height,
});

/** The values of an image times those of another one. */
const product: Block = (graph, x) => {
  const other = activation(graph, sameConvolution(graph, x, x.channels));
  return { ...x, name: graph.add('Mul', [x.name, other.name]) };
};

const convolutionAndActivation: Block = (graph, x) => {
  const made = anyConvolution(graph, x);
  return activation(graph, graph.draw.chance(0.4) ? normalisation(graph, made) : made);
};

/** The more often, the more likely. */
const shallow: readonly Block[] = [
  ...Array.from({ length: 4 }, () => convolutionAndActivation),
  anyConvolution,
  depthwiseSeparable,
  transposed,
  pooling('AveragePool'),
  pooling('AveragePool'),
  pooling('MaxPool'),
  residual,
  residual,
  branches,
  excitation,
  arithmetic,
  turned,
  product,
  overlapping('AveragePool'),
  overlapping('MaxPool'),
  framed,
  halves,
  mixed,
  enlarged,
  centred,
];

/** A random block that keeps the image small. */
export const anyBlock: Block = (graph, x) => {
  const next = graph.draw.pick(shallow)(graph, x);
  if (elementsOf(next) <= mostElements) return next;
  const operands = { kernel_shape: [2, 2], strides: [2, 2] };
  const [height, width] = [Math.floor(next.height / 2), Math.floor(next.width / 2)];
  return { ...next, name: graph.add('AveragePool', [next.name], operands), height, width };
};
