import { matrixFromTriples } from '../../../ir/matrix.ts';
import { registry } from '../../../ir/registry.ts';
import { tensor } from '../../../ir/tensor.ts';
import { shapeOf, sizeOf } from '../linear-op.ts';
import type { LinearForm, LinearSite } from './form.ts';

/**
 * The form of an op that moves elements only (reshape, transpose, slice, concat, pad, ...): the op itself runs on tensors that hold
 * the numbers 1, 2, 3, ... of all elements of all operands, so its result tells where each element comes from; 0 is padding, which
 * becomes `padding` in the bias, as elements of constant operands become theirs.
 */
export function movementForm({ op, constants }: LinearSite): LinearForm {
  const padding = typeof op.attrs['value'] === 'number' ? op.attrs['value'] : 0;
  const attrs = 'value' in op.attrs ? { ...op.attrs, value: 0 } : op.attrs;
  const starts: number[] = [];
  let next = 1;
  const indices = op.operands.map((operand) => {
    const first = next;
    starts.push(first);
    next += sizeOf(operand);
    return tensor(
      shapeOf(operand),
      Float64Array.from({ length: next - first }, (_, i) => first + i),
    );
  });
  const source = registry.get(op.op).eval(indices, attrs).data;
  const bias = new Float64Array(source.length);
  const rows: number[][] = op.operands.map(() => []);
  const columns: number[][] = op.operands.map(() => []);
  for (let r = 0; r < source.length; r++) {
    if (source[r] === 0) {
      bias[r] = padding;
      continue;
    }
    let k = starts.length - 1;
    while (starts[k] > source[r]) k--;
    const constant = constants[k];
    if (constant) bias[r] = constant.data[source[r] - starts[k]];
    else {
      rows[k].push(r);
      columns[k].push(source[r] - starts[k]);
    }
  }
  const matrices = op.operands.flatMap((operand, k) =>
    constants[k]
      ? []
      : [
          [
            k,
            matrixFromTriples(
              source.length,
              sizeOf(operand),
              rows[k],
              columns[k],
              rows[k].map(() => 1),
            ),
          ] as const,
        ],
  );
  return { matrices: new Map(matrices), bias };
}
