import { matrixFromTriples, type Matrix } from '../../../ir/matrix.ts';

export const resamplingModes = ['nearest', 'linear', 'cubic'] as const;
export const coordinateModes = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_crop_and_resize',
] as const;
export const nearestModes = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'] as const;

/** How ONNX Resize samples; the strings are of the lists above. */
export interface Sampling {
  readonly mode: string;
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubicA: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
}

interface Dimension {
  readonly from: number;
  readonly to: number;
  /** New size over old size, before it was rounded to `to`. */
  readonly scale: number;
  readonly roi: readonly [number, number];
}

/** One dimension as a matrix [to, from]; `outside[o]` where output o lies outside the input (tf_crop_and_resize), its row empty. */
export interface ResampledDimension {
  readonly matrix: Matrix;
  readonly outside: readonly boolean[];
}

/** The input coordinate that output o stands for (ONNX Resize, coordinate_transformation_mode). */
function coordinate({ from, to, scale, roi }: Dimension, mode: string, o: number): number {
  const wide = scale * from;
  switch (mode) {
    case 'asymmetric':
      return o / scale;
    case 'align_corners':
      return wide === 1 ? 0 : (o * (from - 1)) / (wide - 1);
    case 'pytorch_half_pixel':
      return wide === 1 ? -0.5 : (o + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric':
      return (from / 2) * (1 - to / wide) + (o + 0.5) / scale - 0.5;
    case 'tf_crop_and_resize': {
      const span = (roi[1] - roi[0]) * (from - 1);
      return roi[0] * (from - 1) + (wide === 1 ? span / 2 : (o * span) / (wide - 1));
    }
    default:
      return (o + 0.5) / scale - 0.5;
  }
}

const rounding: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** Keys' cubic convolution kernel with parameter a. */
function cubic(distance: number, a: number): number {
  const d = Math.abs(distance);
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
}

const triangle = (distance: number): number => Math.max(0, 1 - Math.abs(distance));

/** The weights of the samples around coordinate x: pairs of index (maybe outside) and weight. Antialiasing widens the kernel when it shrinks. */
function weights(x: number, scale: number, s: Sampling): readonly (readonly [number, number])[] {
  if (s.mode === 'nearest') return [[rounding[s.nearest](x), 1]];
  const narrow = s.antialias ? Math.min(scale, 1) : 1;
  const radius = (s.mode === 'linear' ? 1 : 2) / narrow;
  const kernel = (d: number): number => (s.mode === 'linear' ? triangle(d * narrow) : cubic(d * narrow, s.cubicA));
  const pairs: [number, number][] = [];
  for (let i = Math.ceil(x - radius); i <= x + radius; i++) pairs.push([i, kernel(i - x)]);
  const total = narrow < 1 ? pairs.reduce((sum, [, w]) => sum + w, 0) : 1;
  return pairs.map(([i, w]) => [i, w / total]);
}

/**
 * The matrix of one dimension. Samples outside the input count for the nearest one inside, or not at all with excludeOutside,
 * the rest then scaled to sum 1.
 */
export function resampling(d: Dimension, s: Sampling): ResampledDimension {
  const [row, column, value]: number[][] = [[], [], []];
  const outside: boolean[] = [];
  for (let o = 0; o < d.to; o++) {
    const x = coordinate(d, s.coordinates, o);
    const beyond = s.coordinates === 'tf_crop_and_resize' && (x < 0 || x > d.from - 1);
    outside.push(beyond);
    if (beyond) continue;
    const all = weights(x, d.scale, s);
    const used = s.excludeOutside ? all.filter(([i]) => i >= 0 && i < d.from) : all;
    const total = s.excludeOutside ? used.reduce((sum, [, w]) => sum + w, 0) : 1;
    for (const [i, w] of used) {
      row.push(o);
      column.push(Math.min(Math.max(i, 0), d.from - 1));
      value.push(w / total);
    }
  }
  return { matrix: matrixFromTriples(d.to, d.from, row, column, value), outside };
}
