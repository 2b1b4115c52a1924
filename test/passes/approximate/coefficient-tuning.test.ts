import { describe, expect, it } from 'vitest';
import { tuneComposite } from '../../../passes/approximate/coefficient-tuning.ts';
import { normalDensity, uniformDensity, type InputDensity } from '../../../passes/approximate/input-density.ts';
import { evaluateComposite, signComposite } from '../../../passes/approximate/paf-families.ts';
import { compositeVectors } from './composite-vectors.ts';

const forms = ['f1g2', 'f2g2', 'f2g3', 'f1sq_g1sq'] as const;
const concentrated = normalDensity(0, 0.1, [-1, 1]);

function reluError(components: readonly (readonly number[])[], density: InputDensity): number {
  let sum = 0;
  density.x.forEach((x, i) => {
    sum += density.mass[i] * (0.5 * x * (evaluateComposite(components, x) - Math.sign(x))) ** 2;
  });
  return sum;
}

describe('coefficient tuning', () => {
  it.each(forms)('cuts the error of %s on inputs near 0 to a quarter or less, in both orders', (name) => {
    for (const order of ['cheon', 'smartpaf'] as const) {
      const { components } = signComposite(name, order);
      const tuned = tuneComposite(components, concentrated);
      expect(tuned.after).toBeLessThan(tuned.before / 4);
      expect(reluError(tuned.components, concentrated)).toBeLessThan(reluError(components, concentrated) / 4);
    }
  });

  it('takes away the handicap of the order', () => {
    for (const name of forms) {
      const [cheon, smartpaf] = (['cheon', 'smartpaf'] as const).map(
        (order) => tuneComposite(signComposite(name, order).components, concentrated).after,
      );
      expect(smartpaf / cheon).toBeGreaterThan(0.5);
      expect(smartpaf / cheon).toBeLessThan(2);
    }
  });

  it('does at least as well as the coefficients that SmartPAF published, on inputs like theirs', () => {
    for (const form of ['f1_g2', 'f2_g2', 'f2_g3', 'f1sq_g1sq']) {
      const published = compositeVectors.find((v) => v.name === `tuned_${form}_layer16`)?.components ?? [];
      const start = signComposite(form === 'f1sq_g1sq' ? form : form.replace('_', ''), 'smartpaf');
      const tuned = tuneComposite(start.components, concentrated, { floor: 1e-6 });
      expect(reluError(tuned.components, concentrated)).toBeLessThan(reluError(published, concentrated));
    }
  });

  it('is never worse than its start, even for one that is far off', () => {
    for (const deviation of [0.01, 0.3, 1]) {
      const density = normalDensity(0.1, deviation, [-1, 1]);
      for (const components of [
        [[1]],
        [[-1.5, 0.5]],
        [
          [0.1, 9],
          [3, -4, 2],
        ],
        signComposite('alpha10').components,
      ]) {
        const tuned = tuneComposite(components, density);
        expect(tuned.after).toBeLessThanOrEqual(tuned.before);
        expect(tuned.components.flat().every(Number.isFinite)).toBe(true);
      }
    }
  });

  it('gives the same coefficients each time and stops at a minimum', () => {
    const first = tuneComposite(signComposite('f2g2').components, uniformDensity([-1, 1]));
    expect(tuneComposite(signComposite('f2g2').components, uniformDensity([-1, 1]))).toEqual(first);
    const again = tuneComposite(first.components, uniformDensity([-1, 1]));
    expect(again.after / first.after).toBeGreaterThan(0.999);
  });
});
