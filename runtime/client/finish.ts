import type { ClientStep } from '../../ir/interface.ts';
import { elementCount, tensor, type Tensor } from '../../ir/tensor.ts';

/** Computes the steps that the network left to the client: softmax (same shape) and argmax (the axis becomes 1). */
export function applyClientSteps(steps: readonly ClientStep[], output: Tensor): Tensor {
  return steps.reduce((x, step) => alongAxis(x, step.axis, step.kind === 'softmax' ? softmax : argmax), output);
}

const softmax = (row: Float64Array): Float64Array => {
  const most = row.reduce((m, v) => Math.max(m, v), -Infinity);
  const powers = row.map((v) => Math.exp(v - most));
  const sum = powers.reduce((s, v) => s + v, 0);
  return powers.map((v) => v / sum);
};

const argmax = (row: Float64Array): Float64Array =>
  Float64Array.of(row.reduce((best, v, i) => (v > row[best] ? i : best), 0));

function alongAxis(x: Tensor, axis: number, f: (row: Float64Array) => Float64Array): Tensor {
  const at = axis < 0 ? axis + x.shape.length : axis;
  const length = x.shape[at];
  const inner = elementCount(x.shape.slice(at + 1));
  const outer = elementCount(x.shape.slice(0, at));
  const rows: Float64Array[] = [];
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      rows.push(f(Float64Array.from({ length }, (_, k) => x.data[(o * length + k) * inner + i])));
    }
  }
  const made = rows[0].length;
  const data = new Float64Array(outer * made * inner);
  rows.forEach((row, r) => {
    const o = Math.floor(r / inner);
    row.forEach((v, k) => (data[(o * made + k) * inner + (r % inner)] = v));
  });
  return tensor(
    x.shape.map((d, i) => (i === at ? made : d)),
    data,
  );
}
