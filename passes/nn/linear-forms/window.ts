import { fail } from '../../../ir/diagnostics.ts';
import { matrixFromTriples, transposeMatrix, type Matrix } from '../../../ir/matrix.ts';
import { conv, convTranspose } from '../../../ir/nn/convolution.ts';
import { averageDivisors, averagePool } from '../../../ir/nn/pooling.ts';
import { slidingWindows, windowRuns, type Sliding, type WindowRun } from '../../../ir/nn/window.ts';
import { elementCount, type Tensor } from '../../../ir/tensor.ts';
import { shapeOf } from '../linear-op.ts';
import { constantOperand, only, triples, type LinearFormOf, type LinearSite } from './form.ts';

const slidingOf = ({ op }: LinearSite, kernel: readonly number[]): Sliding => ({
  kernel,
  strides: op.attrs['strides'] as readonly number[],
  pads: op.attrs['pads'] as readonly number[],
  dilations: op.attrs['dilations'] as readonly number[],
});

interface Planes {
  readonly runs: readonly WindowRun[];
  /** Distance of consecutive inputs of a run. */
  readonly step: number;
  readonly reads: number;
}

function planesOf(input: readonly number[], output: readonly number[], sliding: Sliding): Planes {
  const runs = windowRuns(slidingWindows(input.slice(2), output.slice(2), sliding));
  return { runs, step: sliding.strides[sliding.strides.length - 1], reads: runs.reduce((n, r) => n + r.count, 0) };
}

/** The matrix of a convolution from `input` [N, C, ...] to `output` [N, M, ...] with weights [M, C / group, ...]. */
function convolutionMatrix(
  input: readonly number[],
  output: readonly number[],
  weights: Tensor,
  group: number,
  sliding: Sliding,
): Matrix {
  const { runs, step, reads } = planesOf(input, output, sliding);
  const [batch, channels] = input;
  const [outputs, perGroup] = weights.shape;
  const [inPlane, outPlane] = [elementCount(input.slice(2)), elementCount(output.slice(2))];
  const taps = elementCount(weights.shape.slice(2));
  const t = triples(batch * outputs * perGroup * reads);
  let n = 0;
  for (let image = 0; image < batch; image++) {
    for (let m = 0; m < outputs; m++) {
      const first = Math.floor(m / (outputs / group)) * perGroup;
      const to = (image * outputs + m) * outPlane;
      for (let c = 0; c < perGroup; c++) {
        const from = (image * channels + first + c) * inPlane;
        for (const run of runs) {
          const weight = weights.data[(m * perGroup + c) * taps + run.tap];
          for (let j = 0; j < run.count; j++) {
            t.row[n] = to + run.out + j;
            t.column[n] = from + run.input + j * step;
            t.value[n++] = weight;
          }
        }
      }
    }
  }
  return matrixFromTriples(elementCount(output), elementCount(input), t.row, t.column, t.value);
}

function channelBias(site: LinearSite): Float64Array | undefined {
  if (site.op.operands.length < 3) return undefined;
  const bias = constantOperand(site, 2, 'the bias');
  const shape = shapeOf(site.op);
  const plane = elementCount(shape.slice(2));
  return Float64Array.from({ length: elementCount(shape) }, (_, i) => bias.data[Math.floor(i / plane) % shape[1]]);
}

const convolution: LinearFormOf = (site) => {
  const w = constantOperand(site, 1, 'the kernel');
  const group = site.op.attrs['group'] as number;
  const sliding = slidingOf(site, w.shape.slice(2));
  const matrix = convolutionMatrix(shapeOf(site.op.operands[0]), shapeOf(site.op), w, group, sliding);
  return only(matrix, channelBias(site));
};

/** The adjoint of the convolution with the same weights, which reads the result and writes the operand. */
const transposedConvolution: LinearFormOf = (site) => {
  const w = constantOperand(site, 1, 'the kernel');
  const group = site.op.attrs['group'] as number;
  const sliding = slidingOf(site, w.shape.slice(2));
  const adjoint = convolutionMatrix(shapeOf(site.op), shapeOf(site.op.operands[0]), w, group, sliding);
  return only(transposeMatrix(adjoint), channelBias(site));
};

const averaging: LinearFormOf = (site) => {
  const [input, output] = [shapeOf(site.op.operands[0]), shapeOf(site.op)];
  const sliding = slidingOf(site, site.op.attrs['kernel'] as readonly number[]);
  const windows = slidingWindows(input.slice(2), output.slice(2), sliding);
  const divisors = averageDivisors(windows, site.op.attrs['count_include_pad'] === true);
  const empty = divisors.indexOf(0);
  if (empty >= 0) fail('FHE0501', `window ${empty} of this pooling holds padding only, which has no mean`, site.op.loc);
  const { runs, step, reads } = planesOf(input, output, sliding);
  const [inPlane, outPlane] = [elementCount(input.slice(2)), elementCount(output.slice(2))];
  const planes = input[0] * input[1];
  const t = triples(planes * reads);
  let n = 0;
  for (let p = 0; p < planes; p++) {
    for (const run of runs) {
      for (let j = 0; j < run.count; j++) {
        t.row[n] = p * outPlane + run.out + j;
        t.column[n] = p * inPlane + run.input + j * step;
        t.value[n++] = 1 / divisors[run.out + j];
      }
    }
  }
  return only(matrixFromTriples(elementCount(output), elementCount(input), t.row, t.column, t.value));
};

export const windowForms: readonly (readonly [string, LinearFormOf])[] = [
  [conv.name, convolution],
  [convTranspose.name, transposedConvolution],
  [averagePool.name, averaging],
];
