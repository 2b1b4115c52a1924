import { InternalError } from '../../ir/diagnostics.ts';
import { planPolynomial, type PolynomialPlan } from '../kernels/polynomial-plan.ts';
import { minimaxComponents } from './minimax-data.ts';
import { evaluateOdd, oddDegree, type OddPolynomial } from './odd-polynomial.ts';

/**
 * f_n pulls values near +-1 to +-1, g_n pulls small values away from 0.
 * Source: Cheon, Kim, Kim, "Efficient Homomorphic Comparison Methods with Optimal Complexity" (ePrint 2019/1234), section 3.
 */
export const basePolynomials = {
  f1: [1.5, -0.5],
  f2: [1.875, -1.25, 0.375],
  f3: [2.1875, -2.1875, 1.3125, -0.3125],
  f4: [2.4609375, -3.28125, 2.953125, -1.40625, 0.2734375],
  g1: [2126 / 1024, -1359 / 1024],
  g2: [3334 / 1024, -6108 / 1024, 3796 / 1024],
  g3: [4589 / 1024, -16577 / 1024, 25614 / 1024, -12860 / 1024],
  g4: [5850 / 1024, -34974 / 1024, 97015 / 1024, -113492 / 1024, 46623 / 1024],
} as const satisfies Readonly<Record<string, OddPolynomial>>;

/**
 * `cheon` applies the coarse g first and the fine f last; `smartpaf` applies f first (SmartPAF, arXiv 2404.03216, equations 7 and 8).
 * Before tuning `cheon` is several times more exact. Minimax composites have one order, which both names give.
 */
export type CompositionOrder = 'cheon' | 'smartpaf';

/** An approximation of the sign on [-1, 1]: `components` are applied in turn, the first one to the input. */
export interface SignComposite {
  readonly name: string;
  readonly order: CompositionOrder;
  readonly components: readonly OddPolynomial[];
}

/** Components of each f-and-g form in SmartPAF's order (its Table 2, with the single polynomials before). */
const composed: Readonly<Record<string, readonly (keyof typeof basePolynomials)[]>> = {
  f1: ['f1'],
  f2: ['f2'],
  f1g2: ['f1', 'g2'],
  f2g2: ['f2', 'g2'],
  f2g3: ['f2', 'g3'],
  f3g3: ['f3', 'g3'],
  f1sq_g1sq: ['f1', 'f1', 'g1', 'g1'],
  f2sq_g2sq: ['f2', 'f2', 'g2', 'g2'],
  f3sq_g3sq: ['f3', 'f3', 'g3', 'g3'],
  f4sq_g4sq: ['f4', 'f4', 'g4', 'g4'],
};

/** Every composite form by name. */
export const compositeNames: readonly string[] = [...Object.keys(composed), ...Object.keys(minimaxComponents)];

/** The composite form `name` of {@link compositeNames} with its published coefficients. */
export function signComposite(name: string, order: CompositionOrder = 'cheon'): SignComposite {
  const minimax = minimaxComponents[name];
  if (minimax) return { name, order, components: minimax };
  const names = composed[name];
  if (!names) throw new InternalError(`no composite form '${name}'; there are ${compositeNames.join(', ')}`);
  const components = names.map((n) => basePolynomials[n]);
  return { name, order, components: order === 'smartpaf' ? components : components.reverse() };
}

/** The composite at u; it stands for the sign of u where |u| <= 1 and may be anything outside. */
export function evaluateComposite(components: readonly OddPolynomial[], u: number): number {
  let y = u;
  for (const component of components) y = evaluateOdd(component, y);
  return y;
}

const planOdd = (p: OddPolynomial): PolynomialPlan =>
  planPolynomial(Array.from({ length: oddDegree(p) + 1 }, (_, k) => k % 2 === 1));

/** Levels of the composite alone; x * sign costs one more. */
export const compositeDepth = (components: readonly OddPolynomial[]): number =>
  components.reduce((sum, c) => sum + planOdd(c).depth, 0);

/** Products of two ciphertexts of the composite alone; x * sign costs one more. */
export const compositeMultiplications = (components: readonly OddPolynomial[]): number =>
  components.reduce((sum, c) => sum + planOdd(c).multiplications, 0);

/**
 * The largest |value| that enters each component when |u| <= 1: 1 for the first. The static scale of each component, so that no
 * intermediate value of its evaluation leaves [-1, 1].
 */
export function componentRanges(components: readonly OddPolynomial[], samples = 2048): number[] {
  const ranges = new Array<number>(components.length).fill(0);
  for (let i = 1; i <= samples; i++) {
    let y = i / samples;
    components.forEach((component, k) => {
      ranges[k] = Math.max(ranges[k], Math.abs(y));
      y = evaluateOdd(component, y);
    });
  }
  return ranges;
}
