import type { Value } from '../../ir/module.ts';
import { evalChebyshev } from '../../ir/nn/polynomial.ts';
import { tensor, type Tensor } from '../../ir/tensor.ts';
import type { ActivationProfile } from '../analysis/profile.ts';
import { activationInputs, type ActivationInputs } from './activation-inputs.ts';
import { approximationDomain } from './activation-domain.ts';
import { assess, polynomialCost, type DirectCandidate } from './candidate.ts';
import { fitCoefficients, structureOf, type Structure } from './weighted-least-squares.ts';

export interface DirectOptions {
  readonly degrees: readonly number[];
  /** Each degree takes the margin among these that loses least. */
  readonly margins: readonly number[];
  readonly perChannel: boolean;
  readonly floor: number;
  /** V of `assess`. */
  readonly lostImage: number;
  /** Keeps polynomials near their functions outside their intervals (hold-outside.ts). */
  readonly held: boolean;
}

/** For each degree, and each structure that the function has, the polynomial at its best margin. */
export function directCandidates(node: Value, profile: ActivationProfile, options: DirectOptions): DirectCandidate[] {
  const best = new Map<string, DirectCandidate>();
  for (const margin of options.margins) {
    const inputs = activationInputs(node, profile, margin, options.perChannel);
    for (const structure of structuresOf(inputs)) {
      for (const candidate of fitAll(node, inputs, profile, structure, margin, options)) {
        const key = `${candidate.label} ${structure}`;
        const known = best.get(key);
        if (!known || candidate.error < known.error) best.set(key, candidate);
      }
    }
  }
  return [...best.values()];
}

function structuresOf({ functions, intervals }: ActivationInputs): Structure[] {
  const all = functions.map((f, c) => structureOf(f, Math.max(...intervals[c].map(Math.abs))));
  return all[0] !== 'general' && all.every((s) => s === all[0]) ? ['general', all[0]] : ['general'];
}

function fitAll(
  node: Value,
  inputs: ActivationInputs,
  profile: ActivationProfile,
  structure: Structure,
  margin: number,
  { degrees, perChannel, floor, lostImage, held: wanted }: DirectOptions,
): DirectCandidate[] {
  const useful = degrees.filter((d) => structure === 'general' || d === 1 || d % 2 === (structure === 'even' ? 0 : 1));
  if (useful.length === 0) return [];
  // Where a function has no value there is nothing to hold.
  const held =
    wanted && inputs.intervals.every(([low, high]) => !approximationDomain(node, low, high).some(Number.isFinite));
  const shared = inputs.pooled !== undefined && new Set(inputs.functions).size === 1;
  const rows = (shared ? inputs.functions.slice(0, 1) : inputs.functions).map((f, c) =>
    fitCoefficients(f, inputs.pooled ?? inputs.densities[c], useful, { structure, floor, held }),
  );
  return useful.map((degree, i) => {
    const table = rows.map((row) => row.coefficients[i]);
    const coefficients: Tensor = tensor([table.length, degree + 1], concatenate(table));
    const scale = inputs.pooled ? [rows[0].scale] : rows.map((row) => row.scale);
    const replaced = (channel: number): ((x: number) => number) => {
      const row = table[table.length === 1 ? 0 : channel];
      const s = scale[scale.length === 1 ? 0 : channel];
      return (x) => evalChebyshev(row, x / s);
    };
    return {
      form: 'direct',
      label: `degree ${degree}${perChannel ? ' per channel' : ''}`,
      degree,
      perChannel,
      ...polynomialCost(coefficients),
      ...assess(replaced, inputs, profile, lostImage),
      intervals: inputs.pooled ? inputs.intervals.slice(0, 1) : inputs.intervals,
      margin,
      scale,
      coefficients,
      ...(held && { held }),
    };
  });
}

function concatenate(rows: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(rows.reduce((n, row) => n + row.length, 0));
  let at = 0;
  for (const row of rows) {
    out.set(row, at);
    at += row.length;
  }
  return out;
}
