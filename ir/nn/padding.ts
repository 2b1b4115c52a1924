import type { OpDefinition } from '../define.ts';
import { applyMatrix } from '../matrix.ts';
import { zeros, type Tensor } from '../tensor.ts';
import { defineNnOp, type Shape } from './define.ts';
import { around, formatShape, gatherElements, pickedIndices, range } from './indexing.ts';

const mod = (a: number, n: number): number => ((a % n) + n) % n;

/** Where the element at (possibly outside) index i of a dimension comes from, by mode; -1 is the constant. */
const padSource: Readonly<Record<string, (i: number, size: number) => number>> = {
  constant: () => -1,
  edge: (i, size) => Math.min(Math.max(i, 0), size - 1),
  reflect: (i, size) => {
    if (size === 1) return 0;
    const at = mod(i, 2 * (size - 1));
    return at < size ? at : 2 * (size - 1) - at;
  },
  wrap: mod,
};

const padPicks = (x: Shape, pads: readonly number[], mode: string): number[][] =>
  x.map((size, d) =>
    range(size + pads[d] + pads[d + x.length]).map((o) => {
      const i = o - pads[d];
      return i >= 0 && i < size ? i : padSource[mode](i, size);
    }),
  );

const maxPad = 2 ** 24;

export const pad = defineNnOp({
  name: 'nn.pad',
  doc:
    'x with pads (begins of all dimensions, then ends) of new elements around it; a negative pad cuts off. ' +
    'mode: constant (`value`), edge (nearest element), reflect (mirrored, the edge not repeated), wrap (periodic).',
  operands: ['x'],
  attrs: { pads: 'ints', mode: 'string', value: 'float' },
  traits: ['linear'],
  shape: ([x], { pads, mode }) => {
    if (pads.length !== 2 * x.length) return `'pads' must have ${2 * x.length} numbers, begins then ends`;
    if (!Object.hasOwn(padSource, mode)) return `mode '${mode}' is none of ${Object.keys(padSource).join(', ')}`;
    if (pads.some((p) => Math.abs(p) > maxPad)) return `a pad is larger than ${maxPad}`;
    if (mode !== 'constant' && x.includes(0)) return 'an empty tensor has nothing to repeat';
    const result = x.map((size, d) => size + pads[d] + pads[d + x.length]);
    return result.every((d) => d >= 0) ? result : `pads ${formatShape(pads)} cut off more than ${formatShape(x)} has`;
  },
  eval: ([x], { pads, mode, value }) => {
    const picks = padPicks(x.shape, pads, mode);
    return gatherElements(
      x,
      picks.map((p) => p.length),
      pickedIndices(x.shape, picks),
      value,
    );
  },
});

export const resize = defineNnOp({
  name: 'nn.resize',
  doc:
    'Separable resampling: multiplies x along each dimension d by matrices[d] [new size, old size]. ' +
    'Nearest is one 1 a row, linear two weights a row, an identity leaves a dimension alone.',
  operands: ['x'],
  attrs: { matrices: 'matrices' },
  traits: ['linear'],
  shape: ([x], { matrices }) =>
    matrices.length === x.length && matrices.every((m, d) => m.columns === x[d])
      ? matrices.map((m) => m.rows)
      : `the matrices do not fit ${formatShape(x)}`,
  eval: ([x], { matrices }) => {
    let result: Tensor = x;
    matrices.forEach((m, d) => {
      const [outer, size, inner] = around(result.shape, d);
      const out = zeros(result.shape.map((s, i) => (i === d ? m.rows : s)));
      const column = new Float64Array(size);
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          for (let k = 0; k < size; k++) column[k] = result.data[(o * size + k) * inner + i];
          const resampled = new Float64Array(m.rows);
          applyMatrix(m, column, resampled);
          for (let k = 0; k < m.rows; k++) out.data[(o * m.rows + k) * inner + i] = resampled[k];
        }
      }
      result = out;
    });
    return result;
  },
});

export const paddingOps: readonly OpDefinition[] = [pad, resize];
