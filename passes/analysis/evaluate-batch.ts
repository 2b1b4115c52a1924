import { InternalError } from '../../ir/diagnostics.ts';
import type { Func, Value } from '../../ir/module.ts';
import { findActivation, type Activation } from '../../ir/nn/activations.ts';
import { mul } from '../../ir/nn/elementwise.ts';
import { evalChebyshev } from '../../ir/nn/polynomial.ts';
import { refresh } from '../../ir/nn/refresh.ts';
import { registry } from '../../ir/registry.ts';
import { elementCount, tensor, type Tensor } from '../../ir/tensor.ts';
import { isLinear, linearAttrs } from '../nn/linear-op.ts';
import { polynomialAttrs, type PolynomialAttrs } from '../nn/polynomial-op.ts';
import { addProduct } from './batch-product.ts';

/** The numbers of one value for a batch of images: [elements, batch], row-major, so that one element's images are contiguous. */
export type BatchData = Float64Array;

interface BatchOptions {
  /** Called for each parameter and each op in execution order; `data` may be released afterwards, so copy what is kept. */
  readonly visit?: (value: Value, data: BatchData) => void;
  /** Keep every value, not only the results. Reverse differentiation needs them. */
  readonly keepAll?: boolean;
}

/** The shape [N, C, ...] of a value seen as channels of equal runs: element (n * channels + c) * run + i belongs to channel c. */
export interface ChannelRuns {
  readonly outer: number;
  readonly channels: number;
  readonly run: number;
}

export function channelRuns(value: Value): ChannelRuns {
  if (value.type.kind !== 'tensor') throw new InternalError(`value of ${value.op} is no tensor`);
  const { shape } = value.type;
  if (shape.length < 2) return { outer: 1, channels: 1, run: elementCount(shape) };
  return { outer: shape[0], channels: shape[1], run: elementCount(shape.slice(2)) };
}

/** Calls `f(channel, from, to)` for each run of one channel, with positions in a [elements, batch] array. */
export function forEachRun(value: Value, batch: number, f: (channel: number, from: number, to: number) => void): void {
  const { outer, channels, run } = channelRuns(value);
  const length = run * batch;
  for (let i = 0; i < outer * channels; i++) f(i % channels, i * length, (i + 1) * length);
}

function applyLinear(op: Value, operands: readonly BatchData[], batch: number): BatchData {
  const { matrices, bias: offset } = linearAttrs(op);
  const bias = offset.data;
  const out = new Float64Array(bias.length * batch);
  for (let r = 0; r < bias.length; r++) out.fill(bias[r], r * batch, (r + 1) * batch);
  matrices.forEach((m, i) => addProduct(m, operands[i], out, batch));
  return out;
}

function applyPolynomial(op: Value, attrs: PolynomialAttrs, x: BatchData, batch: number): BatchData {
  const out = new Float64Array(x.length);
  forEachRun(op, batch, (channel, from, to) => {
    const row = attrs.rowOf(channel);
    const scale = attrs.scaleOf(channel);
    for (let i = from; i < to; i++) out[i] = evalChebyshev(row, x[i] / scale);
  });
  return out;
}

function applyActivation(op: Value, activation: Activation, x: BatchData, batch: number): BatchData {
  const out = new Float64Array(x.length);
  forEachRun(op, batch, (channel, from, to) => {
    const f = activation.at(op.attrs, channel);
    for (let i = from; i < to; i++) out[i] = f(x[i]);
  });
  return out;
}

function multiply(a: BatchData, b: BatchData): BatchData {
  const out = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = a[i] * b[i];
  return out;
}

/** Any other op of the nn level, image by image through its own definition. */
function applyEach(op: Value, operands: readonly BatchData[], batch: number): BatchData {
  const definition = registry.get(op.op);
  const { outer, channels, run } = channelRuns(op);
  const out = new Float64Array(outer * channels * run * batch);
  for (let b = 0; b < batch; b++) {
    const images = op.operands.map((o, i) => {
      const shape = o.type.kind === 'tensor' ? o.type.shape : [];
      const data = new Float64Array(elementCount(shape));
      for (let e = 0; e < data.length; e++) data[e] = operands[i][e * batch + b];
      return tensor(shape, data);
    });
    const { data } = definition.eval(images, op.attrs);
    for (let e = 0; e < data.length; e++) out[e * batch + b] = data[e];
  }
  return out;
}

export function applyOp(op: Value, operands: readonly BatchData[], batch: number): BatchData {
  if (isLinear(op)) return applyLinear(op, operands, batch);
  const polynomial = polynomialAttrs(op);
  if (polynomial) return applyPolynomial(op, polynomial, operands[0], batch);
  const activation = findActivation(op.op);
  if (activation) return applyActivation(op, activation, operands[0], batch);
  if (op.op === refresh.name) return operands[0];
  const plain = op.op === mul.name && operands.every((o) => o.length === channelSize(op) * batch);
  return plain ? multiply(operands[0], operands[1]) : applyEach(op, operands, batch);
}

function channelSize(value: Value): number {
  const { outer, channels, run } = channelRuns(value);
  return outer * channels * run;
}

/**
 * Runs an nn function on a batch of images at once. `inputs[i]` is parameter i as [elements, batch].
 * Gives the results (with `keepAll` every value) as [elements, batch]; other values are released at their last use.
 */
export function evaluateBatch(
  func: Func,
  inputs: readonly BatchData[],
  batch: number,
  options: BatchOptions = {},
): Map<Value, BatchData> {
  const known = new Map<Value, BatchData>();
  func.params.forEach((param, i) => {
    if (inputs[i]?.length !== channelSize(param) * batch)
      throw new InternalError(`input ${i} of ${func.name} does not hold ${batch} images`);
    known.set(param, inputs[i]);
    options.visit?.(param, inputs[i]);
  });
  const last = new Map<Value, Value>();
  for (const op of func.body) op.operands.forEach((o) => last.set(o, op));
  for (const result of func.results) last.delete(result.value);
  for (const op of func.body) {
    const operands = op.operands.map((o) => {
      const data = known.get(o);
      if (!data) throw new InternalError(`value of ${o.op} used before its definition`);
      return data;
    });
    const data = applyOp(op, operands, batch);
    known.set(op, data);
    options.visit?.(op, data);
    if (!options.keepAll) for (const o of op.operands) if (last.get(o) === op) known.delete(o);
  }
  return known;
}

/** Brings tensors of one shape into the order [elements, batch]. */
export function packBatch(images: readonly Tensor[]): BatchData {
  const batch = images.length;
  const size = batch === 0 ? 0 : images[0].data.length;
  const out = new Float64Array(size * batch);
  images.forEach(({ data }, b) => {
    if (data.length !== size) throw new InternalError('images of one batch differ in size');
    for (let e = 0; e < size; e++) out[e * batch + b] = data[e];
  });
  return out;
}

/** The index of the largest element of each image; the first of equals. */
export function argmaxBatch(data: BatchData, batch: number): Int32Array {
  const best = new Int32Array(batch);
  const elements = data.length / batch;
  for (let b = 0; b < batch; b++) {
    for (let e = 1; e < elements; e++) if (data[e * batch + b] > data[best[b] * batch + b]) best[b] = e;
  }
  return best;
}
