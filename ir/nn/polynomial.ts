import { tensor } from '../tensor.ts';
import { channelCount, channelOf, defineNnOp } from './define.ts';

/** sum of c[k] * T_k(u) by Clenshaw's recurrence; `c` is read from `offset`. Exact for any real u, also outside [-1, 1]. */
export function evalChebyshev(c: ArrayLike<number>, u: number, offset = 0, terms = c.length - offset): number {
  let b1 = 0;
  let b2 = 0;
  for (let k = terms - 1; k > 0; k--) {
    const b = 2 * u * b1 - b2 + c[offset + k];
    b2 = b1;
    b1 = b;
  }
  return u * b1 - b2 + c[offset];
}

export const polynomial = defineNnOp({
  name: 'nn.polynomial',
  doc:
    'Element-wise polynomial in the Chebyshev basis: sum over k of coefficients[c][k] * T_k(x / scale[c]) for an element of channel c. ' +
    'Coefficients are [1 or channels, degree + 1], scale has 1 or channels numbers. A folded static scale is 1 everywhere.',
  operands: ['x'],
  attrs: { coefficients: 'tensor', scale: 'floats' },
  shape: ([x], { coefficients, scale }) => {
    const channels = channelCount(x);
    const rows = coefficients.shape[0];
    if (coefficients.shape.length !== 2 || coefficients.shape[1] < 1)
      return 'coefficients must be [1 or channels, degree + 1]';
    if (rows !== 1 && rows !== channels) return `${rows} rows of coefficients for ${channels} channels`;
    if (scale.length !== 1 && scale.length !== channels) return `${scale.length} scales for ${channels} channels`;
    return scale.every((s) => s > 0) ? x : 'scales must be positive';
  },
  eval: ([x], { coefficients, scale }) => {
    const channel = channelOf(x.shape);
    const [rows, terms] = coefficients.shape;
    const data = x.data.map((v, i) => {
      const c = channel(i);
      const u = v / scale[scale.length === 1 ? 0 : c];
      return evalChebyshev(coefficients.data, u, rows === 1 ? 0 : c * terms, terms);
    });
    return tensor(x.shape, data);
  },
});
