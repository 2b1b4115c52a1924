import type { Level } from './define.ts';
import { findActivation } from './nn/activations.ts';
import { registry } from './registry.ts';
import {
  ckksTypes,
  finiteConstants,
  interfaceFits,
  noParameters,
  parametersPresent,
  parametersWellFormed,
  resultsOfSizeTwo,
  vectorsOfOneLength,
  type Rule,
} from './spec-rules.ts';
import type { Type } from './types.ts';

/** What a stage of the compiler may hold, as data: the verifier checks a module against it. */
export interface Spec {
  readonly name: string;
  readonly summary: string;
  readonly level: Level;
  /** S01: the names of the legal ops. */
  readonly ops: ReadonlySet<string>;
  /** S02: the kinds of the legal types. */
  readonly types: readonly Type['kind'][];
  /** S03 and on. */
  readonly rules: readonly Rule[];
}

const opsOf = (level: Level): string[] =>
  registry
    .all()
    .map((d) => d.name)
    .filter((name) => name.startsWith(`${level}.`));

/** A network as imported. */
export const nnSpec: Spec = {
  name: 'nn',
  summary: 'Any op of the nn level on tensors.',
  level: 'nn',
  ops: new Set(opsOf('nn')),
  types: ['tensor'],
  rules: [noParameters, interfaceFits],
};

/** Sums are `nn.linear` with identity matrices. */
const linearCore = ['nn.linear', 'nn.polynomial', 'nn.mul'];

/** A network of linear maps and activations: what profiling and approximation work on. */
export const canonicalNnSpec: Spec = {
  ...nnSpec,
  name: 'canonical nn',
  summary: `Only ${linearCore.join(', ')} and activations.`,
  ops: new Set([...linearCore, ...opsOf('nn').filter((name) => findActivation(name))]),
  rules: [...nnSpec.rules, finiteConstants],
};

/** A network of additions and multiplications only: what lowering takes. */
export const approximatedNnSpec: Spec = {
  ...canonicalNnSpec,
  name: 'approximated nn',
  summary: `Only ${linearCore.join(', ')} and nn.refresh: no activation is left.`,
  ops: new Set([...linearCore, 'nn.refresh']),
};

/** Vectors of slots without levels or scales. */
export const slotsSpec: Spec = {
  name: 'slots',
  summary: 'Ops of the slots level on vectors of one length, a power of two.',
  level: 'slots',
  ops: new Set(opsOf('slots')),
  types: ['packed'],
  rules: [noParameters, interfaceFits, finiteConstants, vectorsOfOneLength],
};

/** Ciphertexts with levels and scales under stated parameters. */
export const ckksSpec: Spec = {
  name: 'ckks',
  summary: 'Ops of the ckks level on ciphertexts and plaintexts, with parameters; inputs and results have size 2.',
  level: 'ckks',
  ops: new Set(opsOf('ckks')),
  types: ['cipher', 'plain'],
  rules: [parametersPresent, parametersWellFormed, interfaceFits, finiteConstants, ckksTypes, resultsOfSizeTwo],
};

export const specs: readonly Spec[] = [nnSpec, canonicalNnSpec, approximatedNnSpec, slotsSpec, ckksSpec];

/** The loosest spec of a level: what every module of it must satisfy, whatever pass comes next. */
export function levelSpec(level: Level): Spec {
  return { nn: nnSpec, slots: slotsSpec, ckks: ckksSpec }[level];
}
