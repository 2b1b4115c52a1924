import { applyMatrix, type Matrix } from '../matrix.ts';
import { elementCount, tensor } from '../tensor.ts';
import { defineNnOp } from './define.ts';

const fits = (matrices: readonly Matrix[], operands: readonly (readonly number[])[], rows: number): boolean =>
  matrices.length === operands.length &&
  matrices.every((m, i) => m.rows === rows && m.columns === elementCount(operands[i]));

export const linear = defineNnOp({
  name: 'nn.linear',
  doc: 'bias + sum of matrices[i] * flatten(inputs[i]), reshaped to `shape`: the canonical form of every linear operator. The bias has one number an element.',
  operands: ['inputs...'],
  attrs: { matrices: 'matrices', bias: 'tensor', shape: 'ints' },
  traits: ['linear'],
  shape: (operands, { matrices, bias, shape }) => {
    const rows = elementCount(shape);
    if (bias.data.length !== rows) return `bias has ${bias.data.length} elements for ${rows}`;
    return fits(matrices, operands, rows) ? shape : 'matrices do not fit the operands and the shape';
  },
  eval: (inputs, { matrices, bias, shape }) => {
    const out = bias.data.slice();
    inputs.forEach((x, i) => applyMatrix(matrices[i], x.data, out));
    return tensor(shape, out);
  },
});
