import { describe, expect, it } from 'vitest';
import { rewriteModule } from '../../../ir/rewrite.ts';
import { registry } from '../../../ir/registry.ts';
import { tensor } from '../../../ir/tensor.ts';
import { linearize } from '../../../passes/nn/linearize.ts';
import { chooseScales } from '../../../passes/nn/scale-choice.ts';
import { network } from './networks.ts';

/** y = p(refresh(gain * x) + x) with |x| <= 1, where p is a polynomial in T_k(. / scale): the scale that is chosen for what is refreshed. */
function scaleOfRefreshed(gain: number, scale: number): number {
  const relu = linearize.run(
    network([1, 1], (make, x) => {
      const scaled = make.op('mul', [x, make.constant(tensor([1, 1], Float64Array.of(gain)))]);
      return make.op('relu', [make.op('add', [scaled, x])]);
    }),
    {},
  );
  const { funcs } = rewriteModule(relu, (op, { builder, mapped }) => {
    const operands = op.operands.map(mapped);
    if (op.op === 'nn.linear' && operands.length === 1)
      return builder.create(registry.get('nn.refresh'), [builder.create(registry.get(op.op), operands, op.attrs)]);
    if (op.op !== 'nn.relu') return undefined;
    const coefficients = tensor([1, 3], Float64Array.of(0.5, 0.5, 0.25));
    return builder.create(registry.get('nn.polynomial'), operands, { coefficients, scale: [scale] });
  });
  const [main] = funcs;
  const refreshed = main.body.find((v) => v.op === 'nn.refresh');
  return refreshed ? chooseScales(main, { input: [1], output: [1] })(refreshed)[0] : NaN;
}

describe('the scale of what is refreshed and read by a polynomial through a sum', () => {
  it('is that of the polynomial where the worst case of what is refreshed is at most four times as large', () => {
    expect(scaleOfRefreshed(8, 2)).toBe(2);
    expect(scaleOfRefreshed(0.5, 2)).toBe(2);
  });

  it('rises above that, so that what is bootstrapped is at most four', () => {
    expect(scaleOfRefreshed(40, 2)).toBe(10);
  });
});
