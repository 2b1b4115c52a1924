import type { OpDefinition } from '../define.ts';
import { elementCount, zeros, type Tensor } from '../tensor.ts';
import { defineNnOp, inferred, type Shape } from './define.ts';
import { slidingProblem, slidingWindows, windowOutput, windowRuns, type Sliding, type Window } from './window.ts';

type PoolAttrs = Sliding & { readonly ceil: boolean };

const attrs = { kernel: 'ints', strides: 'ints', pads: 'ints', dilations: 'ints', ceil: 'bool' } as const;

function poolShape(x: Shape, a: PoolAttrs): Shape | string {
  if (x.length < 3) return 'x must be [N, C, d...]';
  const problem = slidingProblem(a, x.length - 2);
  if (problem) return problem;
  const reach = a.kernel.map((k, d) => (k - 1) * a.dilations[d] + 1);
  if (a.pads.some((p, i) => p >= reach[i % reach.length])) return 'each pad must be smaller than the kernel';
  const spatial = x.slice(2).map((size, d) => windowOutput(size, a, d, a.ceil));
  return spatial.every((d) => d > 0) ? [x[0], x[1], ...spatial] : 'the kernel is larger than the padded input';
}

/** Calls `accumulate(out, o, v)` for each input element `v` of the window of each output `o`; `out` starts at `initial`. */
function pool(
  x: Tensor,
  a: PoolAttrs,
  initial: number,
  accumulate: (out: Float64Array, o: number, v: number) => void,
): { readonly out: Tensor; readonly windows: readonly Window[] } {
  const shape = inferred(poolShape(x.shape, a));
  const out = zeros(shape);
  out.data.fill(initial);
  const windows = slidingWindows(x.shape.slice(2), shape.slice(2), a);
  const runs = windowRuns(windows);
  const step = windows[windows.length - 1].stride;
  const inPlane = elementCount(x.shape.slice(2));
  const outPlane = elementCount(shape.slice(2));
  for (let p = 0; p < x.shape[0] * x.shape[1]; p++) {
    for (const run of runs) {
      const o = p * outPlane + run.out;
      const i = p * inPlane + run.input;
      for (let j = 0; j < run.count; j++) accumulate(out.data, o + j, x.data[i + j * step]);
    }
  }
  return { out, windows };
}

export const maxPool = defineNnOp({
  name: 'nn.max_pool',
  doc:
    'Largest element under a sliding window over x [N, C, d...]; padding never wins. ' +
    'pads: begins of all dimensions, then ends. ceil: whether a window may end beyond the padded input.',
  operands: ['x'],
  attrs,
  shape: ([x], a) => poolShape(x, a),
  eval: ([x], a) =>
    pool(x, a, -Infinity, (out, o, v) => {
      if (v > out[o]) out[o] = v;
    }).out,
});

/** Window elements of output `o` of one dimension inside the input, or with `padded` inside the input and its padding. */
function windowCount(w: Window, o: number, padded: boolean): number {
  const [low, high] = padded ? [-w.pad, w.input + w.padEnd] : [0, w.input];
  let count = 0;
  for (let tap = 0; tap < w.kernel; tap++) {
    const i = o * w.stride + tap * w.dilation - w.pad;
    if (i >= low && i < high) count++;
  }
  return count;
}

/** What each output of one plane of an average pool is divided by. */
export function averageDivisors(windows: readonly Window[], includePad: boolean): Float64Array {
  let divisors = Float64Array.of(1);
  for (const w of windows) {
    const next = new Float64Array(divisors.length * w.output);
    for (let o = 0; o < w.output; o++) {
      const count = windowCount(w, o, includePad);
      for (let i = 0; i < divisors.length; i++) next[i * w.output + o] = divisors[i] * count;
    }
    divisors = next;
  }
  return divisors;
}

export const averagePool = defineNnOp({
  name: 'nn.average_pool',
  doc:
    'Mean under a sliding window over x [N, C, d...], as nn.max_pool slides. Divides by the window elements inside the input, ' +
    'or with count_include_pad inside the input and its padding.',
  operands: ['x'],
  attrs: { ...attrs, count_include_pad: 'bool' },
  traits: ['linear'],
  shape: ([x], a) => poolShape(x, a),
  eval: ([x], a) => {
    const { out, windows } = pool(x, a, 0, (sum, o, v) => {
      sum[o] += v;
    });
    const divisors = averageDivisors(windows, a.count_include_pad);
    for (let i = 0; i < out.data.length; i++) out.data[i] /= divisors[i % divisors.length];
    return out;
  },
});

export const poolingOps: readonly OpDefinition[] = [maxPool, averagePool];
