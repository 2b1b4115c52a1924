import type { Value } from '../../ir/module.ts';
import { evalChebyshev } from '../../ir/nn/polynomial.ts';
import { signParts, type Candidate } from './candidate.ts';
import { evaluateComposite } from './paf-families.ts';

const pick = (values: readonly number[], channel: number): number => values[values.length === 1 ? 0 : channel];

/** The function that stands for an activation in one channel. */
export function replacementOf(node: Value, candidate: Candidate, channel: number): (x: number) => number {
  const scale = pick(candidate.scale, channel);
  if (candidate.form === 'direct') {
    const [rows, terms] = candidate.coefficients.shape;
    const from = rows === 1 ? 0 : channel * terms;
    return (x) => evalChebyshev(candidate.coefficients.data, x / scale, from, terms);
  }
  const parts = signParts(node);
  const a = pick(parts?.a ?? [0], channel);
  const b = pick(parts?.b ?? [0], channel);
  return (x) => x * (b + a * evaluateComposite(candidate.components, x / scale));
}
