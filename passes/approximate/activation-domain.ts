import { fail } from '../../ir/diagnostics.ts';
import type { Attrs } from '../../ir/define.ts';
import type { Value } from '../../ir/module.ts';
import type { Interval } from './input-density.ts';

/** Largest ratio between values of the function on the range that a polynomial is asked to follow. */
const growthLimit = 1e6;

const everywhere: Interval = [-Infinity, Infinity];

function exponentOf(attrs: Attrs): number {
  const exponent = attrs['exponent'];
  return typeof exponent === 'number' ? exponent : NaN;
}

/**
 * How far the interval of an activation may reach around its calibrated range [minimum, maximum]: everywhere for entire functions, up to the
 * singularity or half of the way to it for others. FHE0402, naming the node and the range, where the function cannot be approximated.
 */
export function approximationDomain(node: Value, minimum: number, maximum: number): Interval {
  const refuse = (reason: string): never =>
    fail(
      'FHE0402',
      `${node.op.replace('nn.', '')} of inputs in [${minimum.toPrecision(4)}, ${maximum.toPrecision(4)}]: ${reason}`,
      node.loc,
    );
  if (!Number.isFinite(minimum) || !Number.isFinite(maximum) || minimum > maximum) {
    return refuse('the calibrated range is not finite');
  }
  const away = (): Interval => {
    const least = Math.min(Math.abs(minimum), Math.abs(maximum));
    const largest = Math.max(Math.abs(minimum), Math.abs(maximum));
    if (minimum <= 0 && maximum >= 0) return refuse('the range holds 0, where the function has no value');
    if (largest > growthLimit * least) return refuse('the range comes too close to 0, where the function has no value');
    return minimum > 0 ? [minimum / 2, Infinity] : [-Infinity, maximum / 2];
  };
  switch (node.op) {
    case 'nn.sqrt':
      return minimum < 0 ? refuse('the square root has no value below 0') : [0, Infinity];
    case 'nn.exp':
      return maximum - minimum > Math.log(growthLimit)
        ? refuse('the exponential grows by more than a factor of 1e6 over this range')
        : everywhere;
    case 'nn.reciprocal':
      return away();
    case 'nn.power': {
      const exponent = exponentOf(node.attrs);
      if (Number.isInteger(exponent)) return exponent >= 0 ? everywhere : away();
      if (exponent < 0) return minimum < 0 ? refuse('a power that is no integer has no value below 0') : away();
      return minimum < 0 ? refuse('a power that is no integer has no value below 0') : [0, Infinity];
    }
    default:
      return everywhere;
  }
}
