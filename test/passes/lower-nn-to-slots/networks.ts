import { Builder } from '../../../ir/builder.ts';
import { matrixFromTriples, multiplyMatrices, type Matrix } from '../../../ir/matrix.ts';
import { paramName, vectorName, type Module, type Value } from '../../../ir/module.ts';
import { linear } from '../../../ir/nn/linear.ts';
import { polynomial } from '../../../ir/nn/polynomial.ts';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import { copyOffsets, layoutSlots, layoutVectors, type Layout } from '../../../ir/layout.ts';
import { elementCount, tensor, zeros, type Tensor } from '../../../ir/tensor.ts';
import { tensorType } from '../../../ir/types.ts';

/** Small deterministic numbers in [-1, 1). */
export function numbers(seed: number): () => number {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

interface Grid {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

interface Window {
  readonly filters: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly pad?: number;
  readonly groups?: number;
}

/** The matrix of a convolution, by naive loops. */
export function convolution(
  input: Grid,
  { filters, kernel, stride = 1, pad = 0, groups = 1 }: Window,
  weight: () => number,
): { matrix: Matrix; output: Grid } {
  const height = Math.floor((input.height + 2 * pad - kernel) / stride) + 1;
  const width = Math.floor((input.width + 2 * pad - kernel) / stride) + 1;
  const row: number[] = [];
  const column: number[] = [];
  const value: number[] = [];
  const perGroup = input.channels / groups;
  for (let f = 0; f < filters; f++) {
    const first = Math.floor(f / (filters / groups)) * perGroup;
    for (let c = first; c < first + perGroup; c++)
      for (let dy = 0; dy < kernel; dy++)
        for (let dx = 0; dx < kernel; dx++) {
          const w = weight() / Math.sqrt(perGroup * kernel * kernel);
          for (let y = 0; y < height; y++)
            for (let x = 0; x < width; x++) {
              const fromY = y * stride + dy - pad;
              const fromX = x * stride + dx - pad;
              if (fromY < 0 || fromX < 0 || fromY >= input.height || fromX >= input.width) continue;
              row.push((f * height + y) * width + x);
              column.push((c * input.height + fromY) * input.width + fromX);
              value.push(w);
            }
        }
  }
  const rows = filters * height * width;
  const columns = input.channels * input.height * input.width;
  return {
    matrix: matrixFromTriples(rows, columns, row, column, value),
    output: { channels: filters, height, width },
  };
}

/** Average pooling of every channel. */
function averagePool(input: Grid, size: number): { matrix: Matrix; output: Grid } {
  const window = { filters: input.channels, kernel: size, stride: size, groups: input.channels };
  return convolution(input, window, () => 1 / size);
}

export function dense(rows: number, columns: number, weight: () => number): Matrix {
  const row = Array.from({ length: rows * columns }, (_, i) => Math.floor(i / columns));
  const column = row.map((_, i) => i % columns);
  return matrixFromTriples(
    rows,
    columns,
    row,
    column,
    row.map(() => weight() / Math.sqrt(columns)),
  );
}

const compose = multiplyMatrices;
export const shapeOfGrid = (g: Grid): number[] => [1, g.channels, g.height, g.width];

/** Builds small networks in canonical nn. */
export class NetworkBuilder {
  readonly builder = new Builder();
  readonly random: () => number;
  constructor(seed = 1) {
    this.random = numbers(seed);
  }
  input(shape: readonly number[], name = 'image'): Value {
    return this.builder.param(name, tensorType(shape));
  }
  linear(inputs: readonly Value[], matrices: readonly Matrix[], shape: readonly number[], node = 'linear'): Value {
    const bias = tensor(
      shape,
      Array.from({ length: elementCount(shape) }, () => this.random() / 4),
    );
    return this.builder.create(linear, inputs, { matrices, bias, shape }, { kind: 'onnx', node, operator: 'Conv' });
  }
  polynomial(x: Value, degree: number, channels = 1): Value {
    const coefficients = tensor(
      [channels, degree + 1],
      Array.from({ length: channels * (degree + 1) }, () => this.random() / (degree + 1)),
    );
    return this.builder.create(polynomial, [x], { coefficients, scale: [1] });
  }
  finish(result: Value, name = 'logits'): Module {
    return { level: 'nn', funcs: [this.builder.finish('main', [{ name, value: result }])] };
  }
}

/** LeNet-5's shape with average pooling composed into the next linear map, and polynomials of degree 3. */
export function lenet(): Module {
  const net = new NetworkBuilder();
  const image = { channels: 1, height: 28, width: 28 };
  const conv1 = convolution(image, { filters: 6, kernel: 5 }, net.random);
  const pool1 = averagePool(conv1.output, 2);
  const conv2 = convolution(pool1.output, { filters: 16, kernel: 5 }, net.random);
  const pool2 = averagePool(conv2.output, 2);
  let x = net.input(shapeOfGrid(image));
  x = net.polynomial(net.linear([x], [conv1.matrix], shapeOfGrid(conv1.output)), 3, 6);
  x = net.polynomial(net.linear([x], [compose(conv2.matrix, pool1.matrix)], shapeOfGrid(conv2.output)), 3, 16);
  x = net.polynomial(net.linear([x], [compose(dense(120, 256, net.random), pool2.matrix)], [1, 120]), 3, 120);
  return net.finish(net.linear([x], [dense(10, 120, net.random)], [1, 10]));
}

/** The vectors of a tensor; slots without an element hold `filler`. */
export function packTensor(t: Tensor, layout: Layout, slots: number, filler = 0): Tensor[] {
  const vectors = Array.from({ length: layoutVectors(layout, slots) }, () => new Float64Array(slots).fill(filler));
  layoutSlots(layout).forEach((slot, i) => {
    for (const offset of copyOffsets(layout)) {
      vectors[Math.floor((slot + offset) / slots)][(slot + offset) % slots] = t.data[i];
    }
  });
  return vectors.map((v) => tensor([slots], v));
}

/** The largest difference between a module's results at nn and at slots, on random inputs; checks every copy of the results. */
export function greatestDifference(nn: Module, lowered: Module, seed = 7): number {
  const random = numbers(seed);
  const inputs = nn.funcs[0].params.map((p) => {
    const shape = p.type.kind === 'tensor' ? p.type.shape : [];
    return tensor(shape, zeros(shape).data.map(random));
  });
  const expected = evaluateFunc(nn.funcs[0], inputs);
  const main = lowered.funcs[0];
  const packed = nn.funcs[0].params.flatMap((p, i) => {
    const name = paramName(p);
    const first = main.params.find((q) => q.attrs['name'] === vectorName(name, 0));
    if (first?.type.kind !== 'packed' || !first.type.layout) throw new Error('parameter without layout');
    return packTensor(inputs[i], first.type.layout, first.type.slots, 0.5);
  });
  const outputs = evaluateFunc(main, packed);
  let worst = 0;
  nn.funcs[0].results.forEach((result, i) => {
    const at = main.results.findIndex((r) => r.name === vectorName(result.name, 0));
    const type = main.results[at].value.type;
    if (type.kind !== 'packed' || !type.layout) throw new Error('result without layout');
    const layout = type.layout;
    const vectors = outputs.slice(at, at + layoutVectors(layout, type.slots));
    for (const offset of copyOffsets(layout)) {
      const shifted = { ...layout, copies: [] };
      const got = layoutSlots(shifted).map((s) => s + offset);
      got.forEach((slot, e) => {
        const value = vectors[Math.floor(slot / type.slots)].data[slot % type.slots];
        worst = Math.max(worst, Math.abs(value - expected[i].data[e]));
      });
    }
  });
  return worst;
}

export interface SlotsCost {
  readonly rotations: number;
  readonly multiplications: number;
  readonly plainMultiplications: number;
  readonly steps: number;
}

export function costOf(module: Module): SlotsCost {
  const body = module.funcs[0].body;
  const count = (op: string): number => body.filter((v) => v.op === op).length;
  return {
    rotations: count('slots.rotate'),
    multiplications: count('slots.mul'),
    plainMultiplications: count('slots.mul_plain'),
    steps: new Set(body.filter((v) => v.op === 'slots.rotate').map((v) => v.attrs['steps'])).size,
  };
}
