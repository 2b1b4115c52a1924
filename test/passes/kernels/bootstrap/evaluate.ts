import { complexTensor, imaginaryPart, realPart } from '../../../../ir/complex.ts';
import { makeEmbedding } from '../../../../ir/ckks/embedding.ts';
import type { Parameters } from '../../../../ir/ckks/parameters.ts';
import type { Module, Value } from '../../../../ir/module.ts';
import { registry } from '../../../../ir/registry.ts';
import { tensor, type Tensor } from '../../../../ir/tensor.ts';

/** What the raise of the modulus saw: the coefficients of the message, in units of the base prime. */
export interface Raise {
  readonly coefficients: Float64Array;
}

/**
 * Runs a ckks module with one input on exact complex numbers, where `mod_raise` does what it does to a real ciphertext: to every coefficient it adds
 * a multiple of the base prime, `overflow()` times.
 */
export function evaluateWithOverflow(
  module: Module,
  input: Float64Array,
  overflow: () => number,
): { readonly output: Tensor; readonly raises: readonly Raise[] } {
  const [main] = module.funcs;
  const { parameters } = module;
  if (!parameters) throw new Error('no parameters');
  const raises: Raise[] = [];
  const known = new Map<Value, Tensor>([[main.params[0], tensor([input.length], input)]]);
  const last = new Map<Value, Value>();
  for (const op of main.body) op.operands.forEach((o) => last.set(o, op));
  const of = (value: Value): Tensor => {
    const found = known.get(value);
    if (!found) throw new Error(`${value.op} is not known`);
    return found;
  };
  for (const op of main.body) {
    const operands = op.operands.map(of);
    if (op.op === 'ckks.mod_raise') known.set(op, raise(operands[0], parameters, overflow, raises));
    else known.set(op, registry.get(op.op).eval(operands, op.attrs));
    for (const o of op.operands) if (last.get(o) === op) known.delete(o);
  }
  return { output: of(main.results[0].value), raises };
}

function raise(x: Tensor, { ringDegree, primes, scales }: Parameters, overflow: () => number, raises: Raise[]): Tensor {
  const { toCoefficients, toSlots } = makeEmbedding(ringDegree);
  const unit = Number(primes[0]) / scales[0];
  const message = toCoefficients({ real: realPart(x), imaginary: imaginaryPart(x) });
  raises.push({ coefficients: message.map((m) => m / unit) });
  const raised = toSlots(message.map((m) => m + unit * overflow()));
  return complexTensor(raised.real, raised.imaginary);
}
