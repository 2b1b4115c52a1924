import { InternalError } from '../../ir/diagnostics.ts';
/** The multiplicative depth of T_j: ceil(log2 j); 0 for T_0 and T_1. */
export const chebyshevDepth = (j: number): number => (j <= 1 ? 0 : 32 - Math.clz32(j - 1));

/** One product that makes T_j = 2 T_a T_b - T_(a - b), with a + b = j and a >= b. */
export interface ChebyshevProduct {
  readonly j: number;
  readonly a: number;
  readonly b: number;
}

/**
 * The products that make the Chebyshev polynomials T_j of `wanted` at their least depth, in order of evaluation. Every T_j above T_1 costs
 * one; of the ways to halve j the one that needs the fewest further polynomials is taken.
 */
export function chebyshevProducts(wanted: ReadonlySet<number>): ChebyshevProduct[] {
  const needed = new Set([...wanted].filter((j) => j > 1));
  const products: ChebyshevProduct[] = [];
  for (let j = Math.max(1, ...needed); j > 1; j--) {
    if (!needed.has(j)) continue;
    let best: ChebyshevProduct | undefined;
    let fewest = Infinity;
    for (let b = Math.floor(j / 2); b >= 1; b--) {
      const a = j - b;
      if (chebyshevDepth(a) >= chebyshevDepth(j)) break;
      const news = new Set([a, b, a - b].filter((i) => i > 1 && !needed.has(i))).size;
      if (news < fewest) {
        fewest = news;
        best = { j, a, b };
      }
    }
    if (!best) throw new InternalError(`T_${j} has no product of depth ${chebyshevDepth(j)}`);
    for (const i of [best.a, best.b, best.a - best.b]) if (i > 1) needed.add(i);
    products.push(best);
  }
  return products.reverse();
}
