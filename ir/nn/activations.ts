import type { AttrSpecs, AttrsOf, Attrs, OpDefinition } from '../define.ts';
import { tensor } from '../tensor.ts';
import { channelCount, channelOf, defineNnOp } from './define.ts';

/** A non-linear function of each element: the exact thing that a polynomial will stand for. */
export interface Activation {
  readonly op: OpDefinition;
  /** The function for elements of one channel. */
  readonly at: (attrs: Attrs, channel: number) => (x: number) => number;
}

function activation<const S extends AttrSpecs>(
  name: string,
  doc: string,
  attrs: S,
  f: (x: number, attrs: AttrsOf<S>, channel: number) => number,
): Activation {
  const op = defineNnOp({
    name: `nn.${name}`,
    doc,
    operands: ['x'],
    attrs,
    traits: ['activation'],
    shape: ([x], a) => {
      const wrong = Object.entries(a).find(
        ([, v]) => Array.isArray(v) && v.length !== 1 && v.length !== channelCount(x),
      );
      return wrong ? `'${wrong[0]}' must have 1 or ${channelCount(x)} numbers` : x;
    },
    eval: ([x], a) => {
      const channel = channelOf(x.shape);
      return tensor(
        x.shape,
        x.data.map((v, i) => f(v, a, channel(i))),
      );
    },
  });
  return { op, at: (a, channel) => (x) => f(x, a as AttrsOf<S>, channel) };
}

const none = {} as const;
const pick = (values: readonly number[], channel: number): number => values[values.length === 1 ? 0 : channel];

/** The error function to double precision: Maclaurin series up to 3, continued fraction of erfc above (Abramowitz and Stegun 7.1.5, 7.1.14). */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum) && n < 100; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + fraction)));
}

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);

/** Every activation, in the order of the ONNX operator list. */
export const activations: readonly Activation[] = [
  activation('abs', 'Absolute value.', none, Math.abs),
  activation('relu', 'max(x, 0).', none, (x) => Math.max(x, 0)),
  activation(
    'leaky_relu',
    'x for x >= 0, else alpha * x; alpha a tensor or a channel (PRelu).',
    { alpha: 'floats' },
    (x, a, c) => (x >= 0 ? x : pick(a.alpha, c) * x),
  ),
  activation('clip', 'x cut to [min, max]; ReLU6 is [0, 6].', { min: 'float', max: 'float' }, (x, a) =>
    clamp(x, a.min, a.max),
  ),
  activation('sigmoid', '1 / (1 + exp(-x)).', none, sigmoid),
  activation('tanh', 'Hyperbolic tangent.', none, Math.tanh),
  activation('gelu', 'x * Phi(x), or its tanh form when `tanh` is true.', { tanh: 'bool' }, (x, { tanh }) =>
    tanh
      ? 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
      : 0.5 * x * (1 + erf(x / Math.SQRT2)),
  ),
  activation('elu', 'x for x > 0, else alpha * (exp(x) - 1).', { alpha: 'float' }, (x, { alpha }) =>
    x > 0 ? x : alpha * Math.expm1(x),
  ),
  activation(
    'celu',
    'max(0, x) + min(0, alpha * (exp(x / alpha) - 1)).',
    { alpha: 'float' },
    (x, { alpha }) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha)),
  ),
  activation(
    'selu',
    'gamma * x for x > 0, else gamma * alpha * (exp(x) - 1).',
    { alpha: 'float', gamma: 'float' },
    (x, a) => (x > 0 ? a.gamma * x : a.gamma * a.alpha * Math.expm1(x)),
  ),
  activation('softplus', 'log(1 + exp(x)).', none, softplus),
  activation('hard_sigmoid', 'alpha * x + beta cut to [0, 1].', { alpha: 'float', beta: 'float' }, (x, a) =>
    clamp(a.alpha * x + a.beta, 0, 1),
  ),
  activation('hard_swish', 'x * clip(x / 6 + 1 / 2, 0, 1).', none, (x) => x * clamp(x / 6 + 0.5, 0, 1)),
  activation('mish', 'x * tanh(softplus(x)).', none, (x) => x * Math.tanh(softplus(x))),
  activation('silu', 'x * sigmoid(x); made from Mul(x, Sigmoid(x)).', none, (x) => x * sigmoid(x)),
  activation('erf', 'The error function.', none, erf),
  activation('sqrt', 'Square root; inputs below 0 have no value.', none, Math.sqrt),
  activation('exp', 'Exponential.', none, Math.exp),
  activation('reciprocal', '1 / x.', none, (x) => 1 / x),
  activation('power', 'x to a constant exponent.', { exponent: 'float' }, (x, { exponent }) => Math.pow(x, exponent)),
];

const byOp: ReadonlyMap<string, Activation> = new Map(activations.map((a) => [a.op.name, a]));

export const findActivation = (opName: string): Activation | undefined => byOp.get(opName);
