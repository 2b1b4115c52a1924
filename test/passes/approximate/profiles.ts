import { Builder } from '../../../ir/builder.ts';
import type { Attrs } from '../../../ir/define.ts';
import { InternalError } from '../../../ir/diagnostics.ts';
import type { Module, Value } from '../../../ir/module.ts';
import { findActivation } from '../../../ir/nn/activations.ts';
import { tensorType } from '../../../ir/types.ts';
import type { ChannelProfile } from '../../../passes/analysis/activation-statistics.ts';
import type { ActivationProfile } from '../../../passes/analysis/profile.ts';

/** A module of one activation on a tensor of `shape`, as if from the ONNX node `act_1`. */
export function activationModule(
  op: string,
  shape: readonly number[],
  attrs: Attrs = {},
): { readonly module: Module; readonly node: Value } {
  const activation = findActivation(op);
  if (!activation) throw new InternalError(`no activation ${op}`);
  const builder = new Builder();
  const x = builder.param('x', tensorType(shape));
  const node = builder.create(activation.op, [x], attrs, { kind: 'onnx', node: 'act_1', operator: 'Activation' });
  return { module: { level: 'nn', funcs: [builder.finish('main', [{ name: 'y', value: node }])] }, node };
}

/** Numbers of a normal distribution, the same for the same seed (Box and Muller on a Lehmer generator). */
export function normalNumbers(count: number, mean: number, deviation: number, seed = 1): number[] {
  let state = seed;
  const uniform = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  return Array.from(
    { length: count },
    () => mean + deviation * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

/** The profile of a channel that saw these inputs. */
export function channelOfInputs(inputs: readonly number[], bins = 300): ChannelProfile {
  const minimum = Math.min(...inputs);
  const maximum = Math.max(...inputs);
  const mean = inputs.reduce((s, x) => s + x, 0) / inputs.length;
  const deviation = Math.sqrt(inputs.reduce((s, x) => s + (x - mean) ** 2, 0) / inputs.length);
  const counts = new Float64Array(bins);
  for (const x of inputs) counts[Math.min(bins - 1, Math.floor(((x - minimum) / (maximum - minimum)) * bins)) || 0]++;
  return { minimum, maximum, mean, deviation, histogram: { low: minimum, high: maximum, counts } };
}

/** A profile whose channels saw `inputs`, each with the impact 1. */
export function profileOfInputs(inputs: readonly (readonly number[])[], images = 100): ActivationProfile {
  const perChannel = inputs.map((i) => channelOfInputs(i));
  return {
    channels: inputs.length,
    elements: inputs.reduce((n, i) => n + i.length, 0) / images,
    perChannel,
    impact: inputs.length,
    channelImpact: new Float64Array(inputs.length).fill(1),
    images,
  };
}
