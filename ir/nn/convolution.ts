import type { OpDefinition } from '../define.ts';
import { elementCount, zeros, type Tensor } from '../tensor.ts';
import { defineNnOp, inferred, type Shape } from './define.ts';
import { slidingProblem, slidingWindows, windowOutput, windowRuns, type Sliding } from './window.ts';

interface ConvolutionAttrs {
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly group: number;
}

const attrs = { strides: 'ints', pads: 'ints', dilations: 'ints', group: 'int' } as const;

const sliding = (w: Shape, a: ConvolutionAttrs): Sliding => ({ ...a, kernel: w.slice(2) });

function convolutionProblem(x: Shape, w: Shape, a: ConvolutionAttrs): string | undefined {
  if (x.length < 3) return 'x must be [N, C, d...]';
  if (w.length !== x.length) return `w must have rank ${x.length}`;
  if (a.group < 1 || x[1] % a.group !== 0) return `${x[1]} channels do not split into ${a.group} groups`;
  return slidingProblem(sliding(w, a), x.length - 2);
}

const biasProblem = (bias: Shape | undefined, channels: number): string | undefined =>
  bias === undefined || (bias.length === 1 && bias[0] === channels) ? undefined : `b must be [${channels}]`;

function biased(shape: Shape, bias: Tensor | undefined): Tensor {
  const out = zeros(shape);
  const plane = elementCount(shape.slice(2));
  if (bias)
    for (let i = 0; i * plane < out.data.length; i++)
      out.data.fill(bias.data[i % shape[1]], i * plane, (i + 1) * plane);
  return out;
}

function convolutionShape([x, w, b]: readonly Shape[], a: ConvolutionAttrs): Shape | string {
  const problem = convolutionProblem(x, w, a) ?? biasProblem(b, w[0]);
  if (problem) return problem;
  if (w[1] * a.group !== x[1]) return `w has ${w[1]} input channels a group for ${x[1]} channels in ${a.group} groups`;
  if (w[0] % a.group !== 0) return `${w[0]} output channels do not split into ${a.group} groups`;
  const spatial = x.slice(2).map((size, d) => windowOutput(size, sliding(w, a), d, false));
  return spatial.every((d) => d > 0) ? [x[0], w[0], ...spatial] : 'the kernel is larger than the padded input';
}

export const conv = defineNnOp({
  name: 'nn.conv',
  doc:
    'Convolution of x [N, C, d...] with w [M, C / group, k...] and bias b [M], over 1 to 3 spatial dimensions d. ' +
    'pads: begins of all dimensions, then ends.',
  operands: ['x', 'w', 'b?'],
  attrs,
  traits: ['linear'],
  shape: convolutionShape,
  eval: ([x, w, b], a) => {
    const shape = inferred(convolutionShape([x.shape, w.shape], a));
    const out = biased(shape, b);
    const windows = slidingWindows(x.shape.slice(2), shape.slice(2), sliding(w.shape, a));
    const runs = windowRuns(windows);
    const step = windows[windows.length - 1].stride;
    const [batch, channels] = x.shape;
    const [outputs, perGroup] = w.shape;
    const inPlane = elementCount(x.shape.slice(2));
    const outPlane = elementCount(shape.slice(2));
    const taps = elementCount(w.shape.slice(2));
    const [source, result] = [x.data, out.data];
    for (let n = 0; n < batch; n++) {
      for (let m = 0; m < outputs; m++) {
        const first = Math.floor(m / (outputs / a.group)) * perGroup;
        const to = (n * outputs + m) * outPlane;
        for (let c = 0; c < perGroup; c++) {
          const from = (n * channels + first + c) * inPlane;
          const weights = (m * perGroup + c) * taps;
          for (const run of runs) {
            const weight = w.data[weights + run.tap];
            const end = to + run.out + run.count;
            for (let o = to + run.out, i = from + run.input; o < end; o++, i += step) result[o] += weight * source[i];
          }
        }
      }
    }
    return out;
  },
});

type TransposeAttrs = ConvolutionAttrs & { readonly output_padding: readonly number[] };

function transposedShape([x, w, b]: readonly Shape[], a: TransposeAttrs): Shape | string {
  const problem = convolutionProblem(x, w, a) ?? biasProblem(b, w[1] * a.group);
  if (problem) return problem;
  if (w[0] !== x[1]) return `w has ${w[0]} input channels for ${x[1]}`;
  const rank = x.length - 2;
  const extra = a.output_padding;
  if (extra.length !== rank || extra.some((p) => p < 0))
    return `'output_padding' must have ${rank} numbers of 0 or more`;
  const spatial = x.slice(2).map((size, d) => {
    const reach = a.dilations[d] * (w[d + 2] - 1) + 1;
    return a.strides[d] * (size - 1) + extra[d] + reach - a.pads[d] - a.pads[d + rank];
  });
  return spatial.every((d) => d > 0) ? [x[0], w[1] * a.group, ...spatial] : 'the pads leave no output';
}

export const convTranspose = defineNnOp({
  name: 'nn.conv_transpose',
  doc:
    'Transposed convolution of x [N, C, d...] with w [C, M / group, k...] and bias b [M]: the adjoint of nn.conv in x. ' +
    'Output size: stride * (d - 1) + output_padding + (k - 1) * dilation + 1 - pads.',
  operands: ['x', 'w', 'b?'],
  attrs: { ...attrs, output_padding: 'ints' },
  traits: ['linear'],
  shape: transposedShape,
  eval: ([x, w, b], a) => {
    const shape = inferred(transposedShape([x.shape, w.shape], a));
    const out = biased(shape, b);
    // The windows of the convolution that this is the adjoint of: it reads `out` and writes `x`.
    const windows = slidingWindows(shape.slice(2), x.shape.slice(2), sliding(w.shape, a));
    const runs = windowRuns(windows);
    const step = windows[windows.length - 1].stride;
    const [batch, channels] = x.shape;
    const perGroup = w.shape[1];
    const inPlane = elementCount(x.shape.slice(2));
    const outPlane = elementCount(shape.slice(2));
    const taps = elementCount(w.shape.slice(2));
    const [source, result] = [x.data, out.data];
    for (let n = 0; n < batch; n++) {
      for (let c = 0; c < channels; c++) {
        const from = (n * channels + c) * inPlane;
        const first = Math.floor(c / (channels / a.group)) * perGroup;
        for (let m = 0; m < perGroup; m++) {
          const to = (n * shape[1] + first + m) * outPlane;
          const weights = (c * perGroup + m) * taps;
          for (const run of runs) {
            const weight = w.data[weights + run.tap];
            const end = from + run.out + run.count;
            for (let i = from + run.out, o = to + run.input; i < end; i++, o += step) result[o] += weight * source[i];
          }
        }
      }
    }
    return out;
  },
});

export const convolutionOps: readonly OpDefinition[] = [conv, convTranspose];
