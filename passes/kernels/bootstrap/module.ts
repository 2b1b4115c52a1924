import { Builder } from '../../../ir/builder.ts';
import type { Parameters } from '../../../ir/ckks/parameters.ts';
import type { Port } from '../../../ir/interface.ts';
import type { Layout } from '../../../ir/layout.ts';
import { vectorName, type Module } from '../../../ir/module.ts';
import { cipherType } from '../../../ir/types.ts';
import { emitBootstrap } from './emit.ts';
import type { BootstrapPlan } from './plan.ts';

/** A plain vector of `slots` numbers, repeated over `all` slots. */
const layoutOf = (slots: number, all: number): Layout => ({
  size: slots,
  digits: [{ extent: slots, stride: 1 }],
  copies: slots < all ? [{ extent: all / slots, stride: slots }] : [],
});

/**
 * A network that is nothing but one bootstrap: x at the user's lowest level to y at the highest, both [1, slots]. For tests and measurements;
 * `repeats` bootstraps follow one another, each on the result of the one before.
 */
export function bootstrapModule(plan: BootstrapPlan, parameters: Parameters, repeats = 1): Module {
  const { slots, ringDegree, levels } = plan;
  const builder = new Builder({ parameters });
  const x = builder.param(vectorName('x', 0), cipherType(levels.input, parameters.scales[levels.input]));
  let y = x;
  for (let i = 0; i < repeats; i++) y = emitBootstrap(builder, y, plan, parameters);
  const port = (name: string): Port => ({
    name,
    shape: [1, slots],
    factor: [1],
    layout: layoutOf(slots, ringDegree / 2),
  });
  return {
    level: 'ckks',
    parameters,
    interface: { inputs: [port('x')], outputs: [port('y')], clientSteps: [] },
    funcs: [builder.finish('main', [{ name: vectorName('y', 0), value: y }])],
  };
}
