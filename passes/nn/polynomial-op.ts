import type { Value } from '../../ir/module.ts';
import { polynomial } from '../../ir/nn/polynomial.ts';
import type { Tensor } from '../../ir/tensor.ts';

/** The attributes of an `nn.polynomial`, by channel. */
export interface PolynomialAttrs {
  readonly terms: number;
  readonly rowOf: (channel: number) => Float64Array;
  readonly scaleOf: (channel: number) => number;
}

/** The attributes of `value`, or undefined where it is no `nn.polynomial`. */
export function polynomialAttrs(value: Value): PolynomialAttrs | undefined {
  if (value.op !== polynomial.name) return undefined;
  const table = value.attrs['coefficients'] as Tensor;
  const scale = value.attrs['scale'] as readonly number[];
  const [rows, terms] = table.shape;
  return {
    terms,
    rowOf: (channel) => {
      const from = rows === 1 ? 0 : channel * terms;
      return table.data.subarray(from, from + terms);
    },
    scaleOf: (channel) => scale[scale.length === 1 ? 0 : channel],
  };
}
