import { InternalError } from '../../ir/diagnostics.ts';
import type { Func, Value } from '../../ir/module.ts';
import { findActivation } from '../../ir/nn/activations.ts';
import { mul } from '../../ir/nn/elementwise.ts';
import { evalChebyshev } from '../../ir/nn/polynomial.ts';
import { isLinear, linearAttrs } from '../nn/linear-op.ts';
import { polynomialAttrs } from '../nn/polynomial-op.ts';
import { addTransposedProduct } from './batch-product.ts';
import { forEachRun, type BatchData } from './evaluate-batch.ts';

/** Coefficients of the derivative of a Chebyshev series, in the Chebyshev basis (Mason and Handscomb, section 2.4.5). */
export function chebyshevDerivative(c: Float64Array): Float64Array {
  const degree = c.length - 1;
  const out = new Float64Array(Math.max(degree, 1));
  for (let k = degree; k > 0; k--) out[k - 1] = (k + 1 < degree ? out[k + 1] : 0) + 2 * k * c[k];
  out[0] /= 2;
  return out;
}

/** Derivative of a scalar function by central differences; one-sided at the border of its domain. */
function numericDerivative(f: (x: number) => number, x: number): number {
  const h = 1e-5 * Math.max(1, Math.abs(x));
  const [low, high] = [f(x - h), f(x + h)];
  if (Number.isFinite(low)) return (high - low) / (2 * h);
  return (high - f(x)) / h;
}

function slopeOf(op: Value): ((channel: number) => (x: number) => number) | undefined {
  const polynomial = polynomialAttrs(op);
  if (polynomial) {
    return (channel) => {
      const derivative = chebyshevDerivative(polynomial.rowOf(channel));
      const scale = polynomial.scaleOf(channel);
      return (x) => evalChebyshev(derivative, x / scale) / scale;
    };
  }
  const activation = findActivation(op.op);
  return (
    activation &&
    ((channel) => {
      const f = activation.at(op.attrs, channel);
      return (x) => numericDerivative(f, x);
    })
  );
}

/**
 * Reverse-mode derivative of a scalar loss over a canonical nn function, for a batch of images.
 *
 * `values` holds every value as [elements, batch] (evaluateBatch with `keepAll`), `seeds` the derivative of the loss of each image
 * with respect to results. `visit` sees, for each value that the loss depends on, its derivative as [elements, batch], results first.
 * Activations are differentiated numerically (relative step 1e-5; a kink inside the step gives the mean slope), polynomials exactly.
 */
export function backpropagate(
  func: Func,
  values: ReadonlyMap<Value, BatchData>,
  batch: number,
  seeds: ReadonlyMap<Value, BatchData>,
  visit: (value: Value, gradient: BatchData) => void,
): void {
  const gradients = new Map<Value, BatchData>([...seeds].map(([value, seed]) => [value, seed.slice()]));
  const dataOf = (value: Value): BatchData => {
    const data = values.get(value);
    if (!data) throw new InternalError(`value of ${value.op} was not kept`);
    return data;
  };
  const gradientOf = (value: Value): BatchData => {
    const known = gradients.get(value) ?? new Float64Array(dataOf(value).length);
    gradients.set(value, known);
    return known;
  };
  for (let k = func.body.length - 1; k >= 0; k--) {
    const op = func.body[k];
    const gradient = gradients.get(op);
    if (!gradient) continue;
    visit(op, gradient);
    gradients.delete(op);
    const slope = slopeOf(op);
    if (isLinear(op)) {
      const { matrices } = linearAttrs(op);
      op.operands.forEach((x, i) => addTransposedProduct(matrices[i], gradient, gradientOf(x), batch));
    } else if (slope) {
      const x = dataOf(op.operands[0]);
      const to = gradientOf(op.operands[0]);
      forEachRun(op, batch, (channel, from, end) => {
        const f = slope(channel);
        for (let i = from; i < end; i++) if (gradient[i] !== 0) to[i] += gradient[i] * f(x[i]);
      });
    } else if (op.op === mul.name) {
      const [a, b] = op.operands;
      accumulateProduct(gradientOf(a), gradient, dataOf(b));
      accumulateProduct(gradientOf(b), gradient, dataOf(a));
    } else throw new InternalError(`${op.op} is not an op of canonical nn`);
  }
  for (const param of func.params) {
    const gradient = gradients.get(param);
    if (gradient) visit(param, gradient);
  }
}

function accumulateProduct(to: BatchData, a: BatchData, b: BatchData): void {
  if (to.length !== a.length || to.length !== b.length) throw new InternalError('nn.mul of unequal shapes');
  for (let i = 0; i < to.length; i++) to[i] += a[i] * b[i];
}
