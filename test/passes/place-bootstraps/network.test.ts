import { beforeAll, describe, expect, it } from 'vitest';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import { identityMatrix } from '../../../ir/matrix.ts';
import type { Module, Value } from '../../../ir/module.ts';
import { approximatedNnSpec, ckksSpec } from '../../../ir/spec.ts';
import { tensor } from '../../../ir/tensor.ts';
import { verifyModule } from '../../../ir/verify.ts';
import { costOf } from '../../../passes/analysis/cost.ts';
import { nativeCostModel } from '../../../passes/analysis/native-costs.ts';
import { checkModule } from '../../../passes/check/check-module.ts';
import { emitBootstrap } from '../../../passes/kernels/bootstrap/emit.ts';
import { bootstrapModule } from '../../../passes/kernels/bootstrap/module.ts';
import {
  bootstrapDefaults,
  planBootstrap,
  withSlots,
  type BootstrapRequest,
  type PlannedBootstrap,
} from '../../../passes/kernels/bootstrap/plan.ts';
import { sealCosts } from '../../../passes/kernels/count-arithmetic.ts';
import { assignLayouts } from '../../../passes/lower-nn-to-slots/assign-layouts.ts';
import { lowerNnToSlots } from '../../../passes/lower-nn-to-slots/lower-nn-to-slots.ts';
import { priceOfBootstrap, type BootstrapPrice } from '../../../passes/place-bootstraps/bootstrap-cost.ts';
import { insertRefreshes } from '../../../passes/place-bootstraps/insert-refreshes.ts';
import { networkProblem, onlyChoices } from '../../../passes/place-bootstraps/network-problem.ts';
import { profileOps } from '../../../passes/place-bootstraps/op-profiles.ts';
import { placeBootstraps } from '../../../passes/place-bootstraps/place-bootstraps.ts';
import { copiedBootstraps } from '../../../passes/schedule/bootstrapping.ts';
import { shareCommonSubexpressions } from '../../../passes/slots/common-subexpressions.ts';
import { scheduleSlots } from '../../../passes/schedule/schedule.ts';
import { convolution, dense, NetworkBuilder, shapeOfGrid } from '../lower-nn-to-slots/networks.ts';

const request: BootstrapRequest = {
  ...bootstrapDefaults,
  ringDegree: 1024,
  slots: 512,
  scaleBits: 38,
  userLevels: 4,
  highBits: 47,
  specialBits: 49.9,
};
const model = nativeCostModel(request.specialPrimes);

/** Residual blocks of two convolutions on 4 channels of 8 x 8, and a classifier. */
function residual(blocks: number): Module {
  const net = new NetworkBuilder(3);
  const grid = { channels: 4, height: 8, width: 8 };
  const convolve = (inputs: readonly Value[]): Value => {
    const { matrix, output } = convolution(grid, { filters: 4, kernel: 3, pad: 1 }, net.random);
    const skips = inputs.slice(1).map(() => identityMatrix(256));
    return net.linear(inputs, [matrix, ...skips], shapeOfGrid(output));
  };
  let x = net.polynomial(convolve([net.input(shapeOfGrid(grid))]), 7, 4);
  for (let b = 0; b < blocks; b++) {
    const inner = net.polynomial(convolve([x]), 7, 4);
    x = net.polynomial(convolve([inner, x]), 7, 4);
  }
  return net.finish(net.linear([x], [dense(3, 256, net.random)], [1, 3]));
}

const priceOf = (planned: PlannedBootstrap, slots: number): BootstrapPrice =>
  priceOfBootstrap({ ...planned, plan: withSlots(planned.plan, slots) }, model);

function compile(nn: Module, planned: PlannedBootstrap) {
  const layouts = assignLayouts(nn.funcs[0], request.slots, sealCosts);
  const profiles = profileOps(nn.funcs[0], layouts, request.slots, sealCosts);
  const { levels } = planned.plan;
  const bootstrap = (slots: number): number => priceOf(planned, slots).each;
  const [placement] = placeBootstraps(
    networkProblem(nn.funcs[0], onlyChoices(profiles), { ringDegree: request.ringDegree, levels, model, bootstrap }),
  );
  const refreshed: Module = { ...nn, funcs: [insertRefreshes(nn.funcs[0], placement)] };
  const slots = lowerNnToSlots(refreshed, { slots: request.slots, layouts });
  const { parameters, plan } = planned;
  const bootstrapping = copiedBootstraps(parameters, levels, (builder, x, period) =>
    emitBootstrap(builder, x, withSlots(plan, period), parameters),
  );
  const ckks = scheduleSlots(slots, {
    precisionBits: -Infinity,
    insecureForTests: true,
    chain: { parameters, bootstrapping },
  });
  return { placement, refreshed, slots, ckks };
}

describe('a residual network deeper than its chain', () => {
  const planned = planBootstrap(request);
  const nn = residual(2);
  let compiled: ReturnType<typeof compile>;
  beforeAll(() => {
    compiled = compile(nn, planned);
  });

  it('gets the refreshes that it needs, at each level of the compiler', () => {
    const { placement, refreshed, slots, ckks } = compiled;
    const count = (module: Module, op: string): number => module.funcs[0].body.filter((v) => v.op === op).length;
    expect(placement.refreshed.filter(Boolean)).toHaveLength(4);
    expect(count(refreshed, 'nn.refresh')).toBe(4);
    expect(count(slots, 'slots.refresh')).toBe(4);
    expect(count(ckks, 'ckks.mod_raise')).toBe(4);
    // 256 numbers, repeated in the 512 slots where the linear map before yields copies.
    const periods = slots.funcs[0].body.flatMap((v) => (v.op === 'slots.refresh' ? [v.attrs['period']] : []));
    expect(periods).toEqual([256, 512, 256, 512]);
    expect(verifyModule(refreshed, approximatedNnSpec)).toEqual([]);
    expect(verifyModule(ckks, ckksSpec)).toEqual([]);
    checkModule(ckks, { insecureForTests: true });
  });

  it('keeps to the levels of the placement: inputs stand where it says', () => {
    const { placement, ckks } = compiled;
    const { type } = ckks.funcs[0].params[0];
    expect(type.kind === 'cipher' ? type.level : -1).toBe(placement.levels[0]);
  });

  it('computes what the network computes, at the precision of the sine', () => {
    const image = Float64Array.from({ length: 256 }, (_, i) => Math.sin(i));
    const [expected] = evaluateFunc(nn.funcs[0], [tensor([1, 4, 8, 8], image)]);
    const { ckks, slots } = compiled;
    const vector = new Float64Array(request.slots);
    const inSlots = evaluateFunc(slots.funcs[0], [tensor([request.slots], vector)]);
    const inCkks = evaluateFunc(ckks.funcs[0], [tensor([request.slots], vector)]);
    expect(expected.data).toHaveLength(3);
    inSlots.forEach(({ data }, i) =>
      data.forEach((x, k) => expect(Math.abs(inCkks[i].data[k] - x)).toBeLessThan(2 ** -13)),
    );
  });

  it('costs what was predicted', () => {
    const { placement, ckks } = compiled;
    const { seconds } = costOf(shareCommonSubexpressions(ckks).funcs[0], planned.parameters, model);
    const predicted = placement.seconds + priceOf(planned, 256).once + priceOf(planned, 512).once;
    expect(Math.abs(predicted / seconds - 1)).toBeLessThan(0.05);
  });
});

describe('priceOfBootstrap', () => {
  it.each([
    ['of all slots', {}],
    ['of few slots', { slots: 32 }],
    ['under a dense secret, with three factors', { sparseWeight: undefined, failureBits: 40, coeffsToSlots: 3 }],
  ] as const)('is what the emitted bootstrap costs: %s', (_, changes) => {
    const planned = planBootstrap({ ...request, ...changes });
    const { funcs } = bootstrapModule(planned.plan, planned.parameters);
    const { seconds } = costOf(funcs[0], planned.parameters, model);
    const { each, once } = priceOfBootstrap(planned, model);
    expect(Math.abs((each + once) / seconds - 1)).toBeLessThan(0.01);
  });
});
