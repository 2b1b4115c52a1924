import { add } from '../../../ir/nn/elementwise.ts';
import { resize } from '../../../ir/nn/padding.ts';
import { identityMatrix, type Matrix } from '../../../ir/matrix.ts';
import { elementCount, strides, tensor } from '../../../ir/tensor.ts';
import type { ImporterTable, OnnxNode } from '../node.ts';
import { shapeOf, type Operand } from '../operand.ts';
import { axesOf } from './axes.ts';
import {
  coordinateModes,
  nearestModes,
  resampling,
  resamplingModes,
  type ResampledDimension,
  type Sampling,
} from './resampling.ts';
import { range } from '../../../ir/nn/indexing.ts';

/** One dimension to resize; absent from the list of {@link resized} where it stays as it is. */
interface Target {
  readonly size: number;
  readonly scale: number;
  /** Region of interest in [0, 1], for tf_crop_and_resize. */
  readonly roi: readonly [number, number];
}

/** Largest size of a dimension, also of one that stays, whose matrix is an identity. */
const maxSize = 2 ** 16;

/** The resized value: one matrix a dimension, and where elements lie outside (tf_crop_and_resize) the extrapolation value added there. */
function resized(
  node: OnnxNode,
  x: Operand,
  targets: ReadonlyMap<number, Target>,
  sampling: Sampling,
  outside = 0,
): Operand {
  const shape = shapeOf(x);
  for (const [d, target] of targets) {
    if (!target.roi.every((v) => Math.abs(v) <= 1e6))
      node.malformed(`the region of interest is [${target.roi.join(', ')}]`);
    if (!(target.size >= 0 && target.size <= maxSize && shape[d] > 0 && shape[d] <= maxSize && target.scale > 0)) {
      node.malformed(`dimension ${d} cannot go from ${shape[d]} to ${target.size} elements`);
    }
  }
  const dimensions = shape.map((size, d): ResampledDimension | undefined => {
    const target = targets.get(d);
    const stays =
      !target || (target.size === size && target.scale === 1 && sampling.coordinates !== 'tf_crop_and_resize');
    return stays
      ? undefined
      : resampling({ from: size, to: target.size, scale: target.scale, roi: target.roi }, sampling);
  });
  if (dimensions.every((d) => !d)) return x;
  if (shape.some((d) => d > maxSize)) node.malformed(`a dimension of [${shape.join(', ')}] is larger than ${maxSize}`);
  const matrices = dimensions.map((d, i): Matrix => d?.matrix ?? identityMatrix(shape[i]));
  const result = node.emit(resize, [x], { matrices });
  if (outside === 0 || dimensions.every((d) => !d?.outside.includes(true))) return result;
  return node.emit(add, [result, outsideMask(node, shapeOf(result), dimensions, outside)]);
}

/** `value` at each element that some dimension puts outside, 0 elsewhere. */
function outsideMask(
  node: OnnxNode,
  shape: readonly number[],
  dimensions: readonly (ResampledDimension | undefined)[],
  value: number,
): Operand {
  const data = new Float64Array(elementCount(shape));
  const steps = strides(shape);
  for (let i = 0; i < data.length; i++) {
    const hit = dimensions.some((d, axis) => d?.outside[Math.floor(i / steps[axis]) % shape[axis]] === true);
    data[i] = hit ? value : 0;
  }
  return node.constant(tensor(shape, data), 'float');
}

function choice(node: OnnxNode, name: string, absent: string, allowed: readonly string[]): string {
  const value = node.attributes.string(name, absent);
  return allowed.includes(value) ? value : node.refuse(`${name} = '${value}' is none of ${allowed.join(', ')}`);
}

/** Before opset 11: asymmetric coordinates, rounded down, scales as an input (opset 9 and up) or an attribute. */
function upsample(node: OnnxNode): Operand {
  const x = node.input(0);
  const mode = choice(node, 'mode', 'nearest', ['nearest', 'linear', 'bilinear']);
  const given = node.opset >= 9 ? node.constantInput(1, 'scales')?.data : node.attributes.floats('scales');
  const scales = Array.from(given ?? node.malformed("'scales' is missing"));
  if (scales.length !== shapeOf(x).length)
    node.malformed(`${scales.length} scales for ${shapeOf(x).length} dimensions`);
  const sampling: Sampling = {
    mode: mode === 'nearest' ? 'nearest' : 'linear',
    coordinates: 'asymmetric',
    nearest: 'floor',
    cubicA: -0.75,
    excludeOutside: false,
    antialias: false,
  };
  return resized(node, x, targetsOfScales(shapeOf(x), range(scales.length), scales, []), sampling);
}

function targetsOfScales(
  shape: readonly number[],
  axes: readonly number[],
  scales: readonly number[],
  roi: readonly number[],
): Map<number, Target> {
  return new Map(
    axes.map((d, i) => [
      d,
      { size: Math.floor(shape[d] * scales[i]), scale: scales[i], roi: roiOf(roi, axes.length, i) },
    ]),
  );
}

const roiOf = (roi: readonly number[], count: number, i: number): readonly [number, number] => [
  roi[i] ?? 0,
  roi[i + count] ?? 1,
];

/** Targets from wanted sizes; the aspect ratio is kept, where asked for, by one scale for all axes (opset 18). */
function targetsOfSizes(
  node: OnnxNode,
  shape: readonly number[],
  axes: readonly number[],
  sizes: readonly number[],
  roi: readonly number[],
): Map<number, Target> {
  const policy = choice(node, 'keep_aspect_ratio_policy', 'stretch', ['stretch', 'not_larger', 'not_smaller']);
  const own = axes.map((d, i) => sizes[i] / shape[d]);
  const common = policy === 'not_larger' ? Math.min(...own) : Math.max(...own);
  return new Map(
    axes.map((d, i) => {
      const scale = policy === 'stretch' ? own[i] : common;
      const size = policy === 'stretch' ? sizes[i] : Math.floor(scale * shape[d] + 0.5);
      return [d, { size, scale, roi: roiOf(roi, axes.length, i) }];
    }),
  );
}

function resizeOf(node: OnnxNode): Operand {
  if (node.opset < 11) return upsample(node);
  const x = node.input(0);
  const shape = shapeOf(x);
  const a = node.attributes;
  const axes = axesOf(node, a.ints('axes', range(shape.length)), shape.length);
  const roi = Array.from(node.constantInput(1, 'roi')?.data ?? []);
  const scales = Array.from(node.constantInput(2, 'scales')?.data ?? []);
  const sizes = node.constantInts(3, 'sizes') ?? [];
  const sampling: Sampling = {
    mode: choice(node, 'mode', 'nearest', resamplingModes),
    coordinates: choice(node, 'coordinate_transformation_mode', 'half_pixel', coordinateModes),
    nearest: choice(node, 'nearest_mode', 'round_prefer_floor', nearestModes),
    cubicA: a.float('cubic_coeff_a', -0.75),
    excludeOutside: a.bool('exclude_outside', false),
    antialias: a.bool('antialias', false),
  };
  if ((scales.length > 0 ? scales : sizes).length !== axes.length)
    node.malformed(`scales or sizes must have ${axes.length} numbers`);
  const targets =
    scales.length > 0 ? targetsOfScales(shape, axes, scales, roi) : targetsOfSizes(node, shape, axes, sizes, roi);
  a.ignore('keep_aspect_ratio_policy'); // Without sizes there is nothing to keep.
  return resized(node, x, targets, sampling, a.float('extrapolation_value', 0));
}

export const resizeImporters: ImporterTable = {
  Resize: resizeOf,
  Upsample: upsample,
};
