import { realPart } from '../../ir/complex.ts';
import { freshNoise, keySwitchNoise, plaintextNoise, rescaleNoise, secretSwitchNoise } from '../../ir/ckks/noise.ts';
import type { Parameters } from '../../ir/ckks/parameters.ts';
import { secretName, type SecretName } from '../../ir/ckks/secret.ts';
import { isTensorAttr } from '../../ir/define.ts';
import { InternalError } from '../../ir/diagnostics.ts';
import type { Func, Value } from '../../ir/module.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { located } from './located.ts';

export interface NoiseOptions {
  /** The typical size of an encrypted value where it is multiplied; 1 unless measured: static scales bring activations into [-1, 1]. */
  readonly magnitude: (value: Value) => number;
  /** Inputs are encrypted under the secret key, not under the public key. */
  readonly symmetric: boolean;
}

const defaults: NoiseOptions = { magnitude: () => 1, symmetric: true };

/**
 * The predicted standard deviation of the error in a slot (in units of the message, averaged over the slots) of each ciphertext
 * of a ckks function. Average case: errors of different operands count as independent, except that a value and
 * itself add up. Per-op formulas and sources: ir/ckks/noise.ts.
 */
export function predictNoise(
  func: Func,
  parameters: Parameters,
  options: Partial<NoiseOptions> = {},
): ReadonlyMap<Value, number> {
  const { magnitude, symmetric } = { ...defaults, ...options };
  const noise = new Map<Value, number>();
  for (const param of func.params) noise.set(param, ownNoise(param, parameters, symmetric));
  for (const value of func.body) noise.set(value, noiseOf(value));
  return noise;

  function noiseOf(value: Value): number {
    const [a, b] = value.operands;
    const of = (x: Value): number => noise.get(x) ?? 0;
    const own = ownNoise(value, parameters, symmetric);
    switch (value.op) {
      case 'ckks.encode':
        return own;
      case 'ckks.add':
      case 'ckks.sub':
      case 'ckks.add_plain':
        if (a === b) return value.op === 'ckks.sub' ? 0 : 2 * of(a);
        return Math.hypot(of(a), of(b));
      case 'ckks.mul':
        return a === b
          ? 2 * magnitude(a) * of(a)
          : Math.hypot(magnitude(b) * of(a), magnitude(a) * of(b), of(a) * of(b));
      case 'ckks.mul_plain':
        return Math.hypot(rootMeanSquare(vectorOf(b)) * of(a), magnitude(a) * of(b));
      case 'ckks.relinearize':
      case 'ckks.rotate':
      case 'ckks.conjugate':
      case 'ckks.switch_key':
      case 'ckks.rescale':
        return Math.hypot(of(a), own);
      case 'ckks.negate':
      case 'ckks.mod_switch':
      case 'ckks.mul_i':
      // The multiples of the base prime that a raise adds are no noise: the program that raises takes them away.
      case 'ckks.mod_raise':
        return of(a);
      default:
        throw new InternalError(`no noise formula for ${value.op}`);
    }
  }
}

/** Standard deviation, in units of the message, of the noise that an op (or the encryption of a parameter) adds to a slot. */
function ownNoise(value: Value, parameters: Parameters, symmetric = true): number {
  const { level, scale } = located(value);
  const n = parameters.ringDegree;
  switch (value.op) {
    case 'param':
      return freshNoise(n, symmetric) / scale;
    case 'ckks.encode':
      return plaintextNoise(n, scale, vectorOf(value).data.length === 1);
    case 'ckks.relinearize':
    case 'ckks.rotate':
    case 'ckks.conjugate':
      return keySwitchNoise(parameters, level) / scale;
    case 'ckks.switch_key':
      return secretSwitchNoise(parameters, secretOf(value)) / scale;
    case 'ckks.rescale':
      return rescaleNoise(n, sizeOf(value.operands[0])) / scale;
    default:
      return 0;
  }
}

/** Bits of the worst result that stand above its noise, for results of magnitude 1: -log2 of the largest standard deviation. */
export function predictedPrecisionBits(
  func: Func,
  parameters: Parameters,
  options: Partial<NoiseOptions> = {},
): number {
  const noise = predictNoise(func, parameters, options);
  return -Math.log2(func.results.reduce((worst, r) => Math.max(worst, noise.get(r.value) ?? 0), 0));
}

const sizeOf = (value: Value): number => (value.type.kind === 'cipher' ? value.type.size : 2);

function secretOf(value: Value): SecretName {
  const secret = secretName(value.attrs['to']);
  if (!secret) throw new InternalError(`${value.op} to no secret`);
  return secret;
}

function vectorOf(value: Value): Tensor {
  const { vector } = value.attrs;
  if (vector === undefined || !isTensorAttr(vector)) throw new InternalError(`${value.op} is not encoded`);
  return vector;
}

/** Of the absolute values of the slots. */
function rootMeanSquare(vector: Tensor): number {
  let sum = 0;
  for (const x of vector.data) sum += x * x;
  return Math.sqrt(sum / realPart(vector).length);
}
