import { isTensorAttr } from '../../ir/define.ts';
import { InternalError } from '../../ir/diagnostics.ts';
import type { Value } from '../../ir/module.ts';
import type { ChannelCoefficients } from '../kernels/polynomial.ts';

/** The coefficients of an `nn.polynomial`, degree by degree; throws {@link InternalError} when its static scale has not been folded. */
export function coefficientsOf(value: Value): ChannelCoefficients {
  const { coefficients, scale } = value.attrs;
  if (coefficients === undefined || !isTensorAttr(coefficients))
    throw new InternalError('nn.polynomial without coefficients');
  if (!Array.isArray(scale) || scale.some((s) => s !== 1)) {
    throw new InternalError('nn.polynomial with a scale: run fold-static-scale before lower-nn-to-slots');
  }
  const [channels, terms] = coefficients.shape;
  return Array.from({ length: terms }, (_, j) =>
    Float64Array.from({ length: channels }, (_c, c) => coefficients.data[c * terms + j]),
  );
}
