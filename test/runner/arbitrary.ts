import * as fc from 'fast-check';
import { Builder } from '../../ir/builder.ts';
import { slotCount, topLevel, type Parameters } from '../../ir/ckks/parameters.ts';
import type { Level, OpDefinition } from '../../ir/define.ts';
import { FhecError } from '../../ir/diagnostics.ts';
import type { Func, Module, Value } from '../../ir/module.ts';
import { registry } from '../../ir/registry.ts';
import { levelSpec, type Spec } from '../../ir/spec.ts';
import { elementCount, tensor, type Tensor } from '../../ir/tensor.ts';
import { cipherType, packedType, tensorType, type Type } from '../../ir/types.ts';
import { randomAttrs, randomShape } from './attributes.ts';
import { arbitraryChoices, type Choices } from './choices.ts';

/** Toy parameters: 16 slots, four levels, canonical scales. Primes are 1 modulo 64 and close to 2^30. */
const toyParameters: Parameters = (() => {
  const primes = [1073741953n, 1073742209n, 1073742721n, 1073744257n];
  const scales = [2 ** 30];
  for (const [level, prime] of primes.entries()) {
    if (level > 0) scales.push(Math.sqrt(scales[level - 1] * Number(prime)));
  }
  return { ringDegree: 32, primes, specialPrimes: [1073742913n], scales, secure: false };
})();

const toySlots = slotCount(toyParameters);

function paramType(level: Level, choices: Choices): Type {
  switch (level) {
    case 'nn':
      return tensorType(randomShape(choices));
    case 'slots':
      return packedType(toySlots);
    case 'ckks': {
      const at = topLevel(toyParameters) - choices.int(2);
      return cipherType(at, toyParameters.scales[at]);
    }
  }
}

/** Tensors of up to 4,096 elements, scales that stay in the range of doubles. */
function isSmall(type: Type): boolean {
  if (type.kind === 'cipher') return type.scale >= 1 && type.scale < 2 ** 120;
  const size = type.kind === 'tensor' ? elementCount(type.shape) : 1;
  return size > 0 && size <= 4096;
}

/** An op on values made so far, or undefined when the draw does not fit. */
function tryOp(
  builder: Builder,
  definition: OpDefinition,
  values: readonly Value[],
  choices: Choices,
): Value | undefined {
  const many = definition.operands.some((n) => n.endsWith('...'));
  const least = definition.operands.filter((n) => !n.endsWith('?')).length;
  const count = many ? 1 + choices.int(2) : least;
  // Recent values are likelier operands, so that graphs get deep.
  const recent = values.slice(-4);
  const operands = Array.from({ length: count }, () => choices.pick(choices.int(3) === 0 ? values : recent));
  try {
    const attrs = randomAttrs(definition, { choices, operands, parameters: toyParameters });
    const value = builder.create(definition, operands, attrs);
    return isSmall(value.type) ? value : undefined;
  } catch (error) {
    if (error instanceof FhecError) return undefined;
    throw error;
  }
}

/** A module that satisfies `spec`, drawn from `choices`. */
function randomModule(spec: Spec, choices: Choices): Module {
  const { level } = spec;
  const parameters = level === 'ckks' ? toyParameters : undefined;
  const definitions = registry.all().filter((d) => spec.ops.has(d.name));
  const builder = new Builder({ parameters });
  const values: Value[] = [];
  const paramCount = 1 + choices.int(2);
  for (let i = 0; i < paramCount; i++) values.push(builder.param(`x${i}`, paramType(level, choices)));
  while (!choices.done && values.length < 30) {
    const value = tryOp(builder, choices.pick(definitions), values, choices);
    if (value) values.push(value);
  }
  const fits = (v: Value): boolean => v.type.kind !== 'plain' && !(v.type.kind === 'cipher' && v.type.size !== 2);
  const results = values
    .filter(fits)
    .slice(-2)
    .map((value, i) => ({ name: `y${i}`, value }));
  const funcs: Func[] = [builder.finish('main', results)];
  return { level, ...(parameters && { parameters }), funcs };
}

export const arbitraryModule = (spec: Spec, maxLength?: number): fc.Arbitrary<Module> =>
  arbitraryChoices(maxLength).map((choices) => randomModule(spec, choices));

const levels: readonly Level[] = ['nn', 'slots', 'ckks'];

/** A module of any level. */
export const arbitraryAnyModule: fc.Arbitrary<Module> = fc.oneof(...levels.map((l) => arbitraryModule(levelSpec(l))));

/** Inputs for a function: multiples of 1/8 in [-2, 2]. */
export function randomInputs(func: Func, seed: number): Tensor[] {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (Math.floor((state / 2 ** 32) * 33) - 16) / 8;
  };
  return func.params.map(({ type }) => {
    const shape = type.kind === 'tensor' ? type.shape : [type.kind === 'packed' ? type.slots : toySlots];
    return tensor(shape, Float64Array.from({ length: elementCount(shape) }, next));
  });
}
