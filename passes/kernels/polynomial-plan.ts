import { InternalError } from '../../ir/diagnostics.ts';
import { chebyshevDepth, chebyshevProducts, type ChebyshevProduct } from './chebyshev-products.ts';

/**
 * How a polynomial in the Chebyshev basis is evaluated: as a plain sum of c_j T_j, or as quotient * T_divisor + rest
 * (Paterson and Stockmeyer 1973; in the Chebyshev basis Chen, Chillotti and Song, EUROCRYPT 2019, section 5).
 */
export type PolynomialStep =
  | { readonly kind: 'sum' }
  | {
      readonly kind: 'split';
      readonly divisor: number;
      readonly quotient: PolynomialStep;
      readonly rest: PolynomialStep;
    };

export interface PolynomialPlan {
  readonly root: PolynomialStep;
  /** The products that make the T_j, in order of evaluation. */
  readonly products: readonly ChebyshevProduct[];
  /** Products of two encrypted values in all. */
  readonly multiplications: number;
  /** Levels that the evaluation consumes, products with coefficients included: ceil(log2(degree + 1)). */
  readonly depth: number;
}

/** Which coefficients are not zero, by index. */
type Pattern = readonly boolean[];

const degreeOf = (p: Pattern): number => p.lastIndexOf(true);

/** The patterns of quotient and rest of a division by T_m, m at most the degree and at least half of it. */
function dividePattern(p: Pattern, m: number): { quotient: boolean[]; rest: boolean[] } {
  const quotient = new Array<boolean>(p.length - m).fill(false);
  const rest = p.slice(0, m);
  for (let i = p.length - 1; i >= m; i--) {
    if (!p[i]) continue;
    quotient[i - m] = true;
    if (i > m) rest[Math.abs(2 * m - i)] = true;
  }
  return { quotient, rest };
}

interface Candidate {
  readonly step: PolynomialStep;
  readonly splits: number;
  readonly plain: number;
  readonly used: ReadonlySet<number>;
}

/** The best evaluation of `p` within `depth` levels when sums may use T_1 .. T_babies and divisors are `giants`. */
function search(
  p: Pattern,
  depth: number,
  babies: number,
  giants: readonly number[],
  memo: Map<string, Candidate | null>,
): Candidate | null {
  const degree = degreeOf(p);
  const key = `${depth}:${p
    .slice(0, degree + 1)
    .map(Number)
    .join('')}`;
  const known = memo.get(key);
  if (known !== undefined) return known;
  let best: Candidate | null = null;
  const terms = p.flatMap((nonzero, j) => (nonzero && j > 0 ? [j] : []));
  const fits = (j: number): boolean => (j <= babies || giants.includes(j)) && chebyshevDepth(j) < depth;
  if (terms.every(fits)) best = { step: { kind: 'sum' }, splits: 0, plain: terms.length, used: new Set(terms) };
  const score = (c: Candidate): number => (c.splits + chebyshevProducts(c.used).length) * 1000 + c.plain;
  for (const m of giants) {
    if (m >= degree || 2 * m < degree || chebyshevDepth(m) >= depth) continue;
    const parts = dividePattern(p.slice(0, degree + 1), m);
    const quotient = search(parts.quotient, depth - 1, babies, giants, memo);
    const rest = quotient && search(parts.rest, depth, babies, giants, memo);
    if (!quotient || !rest) continue;
    const candidate: Candidate = {
      step: { kind: 'split', divisor: m, quotient: quotient.step, rest: rest.step },
      splits: 1 + quotient.splits + rest.splits,
      plain: quotient.plain + rest.plain,
      used: new Set([m, ...quotient.used, ...rest.used]),
    };
    if (!best || score(candidate) < score(best)) best = candidate;
  }
  memo.set(key, best);
  return best;
}

/**
 * Plans the evaluation with the fewest products at the least depth. `nonzero[j]` tells whether the coefficient of T_j is other than
 * zero in any channel. Degree 0 needs nothing.
 */
export function planPolynomial(nonzero: Pattern): PolynomialPlan {
  const degree = degreeOf(nonzero);
  const depth = degree < 1 ? 0 : chebyshevDepth(degree + 1);
  if (degree < 1) return { root: { kind: 'sum' }, products: [], multiplications: 0, depth };
  const pattern = nonzero.slice(0, degree + 1);
  let best: PolynomialPlan | undefined;
  let fewestPlain = Infinity;
  for (let babies = 1; babies <= Math.min(degree, 12); babies++) {
    for (const giants of giantSets(babies, degree)) {
      const found = search(pattern, depth, babies, giants, new Map());
      if (!found) continue;
      const products = chebyshevProducts(found.used);
      const multiplications = found.splits + products.length;
      const better =
        !best ||
        multiplications < best.multiplications ||
        (multiplications === best.multiplications && found.plain < fewestPlain);
      if (!better) continue;
      best = { root: found.step, products, multiplications, depth };
      fewestPlain = found.plain;
    }
  }
  if (!best) throw new InternalError(`no evaluation of degree ${degree} at depth ${depth}`);
  return best;
}

/** Divisors to try: powers of two, which always reach the least depth, with multiples of the babies' number by powers of two. */
function giantSets(babies: number, degree: number): number[][] {
  const doubling = (first: number): number[] => {
    const all: number[] = [];
    for (let m = first; m <= degree; m *= 2) all.push(m);
    return all;
  };
  const powers = doubling(2);
  return [
    powers,
    ...[babies, babies + 1].map((b) =>
      [...new Set([...powers, ...doubling(b)])].filter((m) => m > 1).sort((a, b2) => a - b2),
    ),
  ];
}
