import type { Shape } from './define.ts';

/** How a kernel slides over the spatial dimensions of a tensor [N, C, d...]. All lists have one entry a dimension, `pads` begins then ends. */
export interface Sliding {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
}

/** One spatial dimension of a sliding window: output o reads input o * stride + tap * dilation - pad. */
export interface Window {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pad: number;
  readonly padEnd: number;
}

const maxSpatialRank = 3;

/** The reason why the lists of `sliding` do not describe a window over `rank` dimensions, or undefined. */
export function slidingProblem({ kernel, strides, pads, dilations }: Sliding, rank: number): string | undefined {
  if (rank < 1 || rank > maxSpatialRank) return `takes 1 to ${maxSpatialRank} spatial dimensions, not ${rank}`;
  for (const [name, list, least] of [
    ['kernel', kernel, 1],
    ['strides', strides, 1],
    ['dilations', dilations, 1],
  ] as const) {
    if (list.length !== rank) return `'${name}' must have ${rank} numbers`;
    if (list.some((v) => v < least || v > 2 ** 20)) return `'${name}' must be ${least} or more and at most 2^20`;
  }
  if (pads.length !== 2 * rank) return `'pads' must have ${2 * rank} numbers, begins then ends`;
  return pads.some((p) => p < 0 || p > 2 ** 20) ? "'pads' must be 0 or more and at most 2^20" : undefined;
}

/**
 * Output size of one dimension. With `ceil`, windows that end beyond the padded input count too, except one that starts
 * beyond the input and its begin padding (ONNX MaxPool, AveragePool).
 */
export function windowOutput(
  size: number,
  { kernel, strides, pads, dilations }: Sliding,
  dim: number,
  ceil: boolean,
): number {
  const room = size + pads[dim] + pads[dim + kernel.length] - dilations[dim] * (kernel[dim] - 1) - 1;
  if (room < 0) return 0;
  if (!ceil) return Math.floor(room / strides[dim]) + 1;
  const count = Math.ceil(room / strides[dim]) + 1;
  return (count - 1) * strides[dim] >= size + pads[dim] ? count - 1 : count;
}

/** The windows of all spatial dimensions; `output` must be the sizes that the op infers. */
export function slidingWindows(input: Shape, output: Shape, sliding: Sliding): Window[] {
  return input.map((size, d) => ({
    input: size,
    output: output[d],
    kernel: sliding.kernel[d],
    stride: sliding.strides[d],
    dilation: sliding.dilations[d],
    pad: sliding.pads[d],
    padEnd: sliding.pads[d + input.length],
  }));
}

/** A run of the innermost dimension: outputs `out ..< out + count` read inputs `input, input + stride, ...` through kernel element `tap`. */
export interface WindowRun {
  readonly tap: number;
  readonly out: number;
  readonly input: number;
  readonly count: number;
}

/** First output and number of outputs of one dimension that read inside the input through kernel element `tap`. */
function validOutputs(w: Window, tap: number): readonly [number, number] {
  const shift = w.pad - tap * w.dilation;
  const first = Math.max(0, Math.ceil(shift / w.stride));
  const last = Math.min(w.output - 1, Math.floor((w.input - 1 + shift) / w.stride));
  return [first, Math.max(0, last - first + 1)];
}

/** Every (output, kernel element, input) triple of a window over one plane, in runs. Reads of padding are left out. */
export function windowRuns(windows: readonly Window[]): WindowRun[] {
  let runs: WindowRun[] = [{ tap: 0, out: 0, input: 0, count: 1 }];
  windows.forEach((w, d) => {
    const innermost = d === windows.length - 1;
    const next: WindowRun[] = [];
    for (const run of runs) {
      for (let tap = 0; tap < w.kernel; tap++) {
        const [first, count] = validOutputs(w, tap);
        const at = (o: number, n: number): WindowRun => ({
          tap: run.tap * w.kernel + tap,
          out: run.out * w.output + o,
          input: run.input * w.input + o * w.stride + tap * w.dilation - w.pad,
          count: n,
        });
        if (innermost) {
          if (count > 0) next.push(at(first, count));
        } else for (let o = first; o < first + count; o++) next.push(at(o, 1));
      }
    }
    runs = next;
  });
  return runs;
}
