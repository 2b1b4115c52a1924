import { modulusBits, type Parameters } from '../../ir/ckks/parameters.ts';
import { InternalError, onnxNodes } from '../../ir/diagnostics.ts';
import type { Func, Value } from '../../ir/module.ts';
import type { CostModel } from './cost-model.ts';
import { costedOps, type CostedOp } from './cost-table.ts';
import { located } from './located.ts';

/** How often each kind of op runs. */
export interface OpCounts {
  readonly rotations: number;
  /** Of two ciphertexts. */
  readonly multiplications: number;
  readonly plainMultiplications: number;
  readonly relinearizations: number;
  readonly rescales: number;
  readonly modSwitches: number;
  readonly conjugations: number;
  /** Switches between the dense and the sparse secret. */
  readonly secretSwitches: number;
  /** One in each bootstrap. */
  readonly modRaises: number;
  readonly encodes: number;
  /** Additions, subtractions, negations and products with the imaginary unit, with ciphertexts or plaintexts. */
  readonly additions: number;
}

/** The share of one ONNX node. */
export interface NodeCost extends OpCounts {
  readonly seconds: number;
  /** The levels at which its ciphertext results stand, highest and lowest: their difference is what the node consumes inside. */
  readonly highestLevel: number;
  readonly lowestLevel: number;
}

/** What one encrypted run costs: all of it exact and deterministic but `seconds`, which a cost model predicts for the threads that it is of. */
export interface Cost extends OpCounts {
  /** Levels from the highest input to the lowest result. */
  readonly depth: number;
  /** Galois keys of rotations: distinct steps. */
  readonly rotationKeys: number;
  readonly ringDegree: number;
  /** log2 of the product of all primes, special ones included. */
  readonly modulusBits: number;
  readonly seconds: number;
  /** By the name of the ONNX node; ops of no node stand under ''. */
  readonly byNode: ReadonlyMap<string, NodeCost>;
}

const countOf: Readonly<Record<CostedOp, keyof OpCounts>> = {
  add: 'additions',
  sub: 'additions',
  negate: 'additions',
  add_plain: 'additions',
  mul: 'multiplications',
  mul_plain: 'plainMultiplications',
  encode: 'encodes',
  relinearize: 'relinearizations',
  rescale: 'rescales',
  mod_switch: 'modSwitches',
  rotate: 'rotations',
  conjugate: 'conjugations',
  mul_i: 'additions',
  mod_raise: 'modRaises',
  switch_key: 'secretSwitches',
};

const noOps: OpCounts = {
  rotations: 0,
  multiplications: 0,
  plainMultiplications: 0,
  relinearizations: 0,
  rescales: 0,
  modSwitches: 0,
  conjugations: 0,
  secretSwitches: 0,
  modRaises: 0,
  encodes: 0,
  additions: 0,
};

/** The predicted seconds of one op of the ckks level. */
export function opSeconds(value: Value, parameters: Parameters, model: CostModel): number {
  const operand = value.op === 'ckks.mod_raise' ? value : (value.operands.at(0) ?? value);
  return model.seconds(costedOpOf(value), parameters.ringDegree, located(operand).level + 1);
}

/** Counts, keys and predicted time of a ckks function, in total and by ONNX node. */
export function costOf(func: Func, parameters: Parameters, model: CostModel): Cost {
  const total: Record<keyof OpCounts, number> = { ...noOps };
  const byNode = new Map<string, NodeCost>();
  const steps = new Set<number>();
  let seconds = 0;
  for (const value of func.body) {
    const kind = countOf[costedOpOf(value)];
    const spent = opSeconds(value, parameters, model);
    total[kind]++;
    seconds += spent;
    const node = onnxNodes(value.loc).at(0) ?? '';
    byNode.set(node, addTo(byNode.get(node), value, kind, spent));
    const step = value.attrs['steps'];
    if (value.op === 'ckks.rotate' && typeof step === 'number') steps.add(step);
  }
  const levels = (values: readonly Value[]): number[] => values.map((v) => located(v).level);
  const lowest = Math.min(...levels(func.results.map((r) => r.value)));
  return {
    ...total,
    depth: func.params.length === 0 ? 0 : Math.max(...levels(func.params)) - lowest,
    rotationKeys: steps.size,
    ringDegree: parameters.ringDegree,
    modulusBits: modulusBits(parameters),
    seconds,
    byNode,
  };
}

function addTo(node: NodeCost | undefined, value: Value, kind: keyof OpCounts, seconds: number): NodeCost {
  const before = node ?? { ...noOps, seconds: 0, highestLevel: -Infinity, lowestLevel: Infinity };
  const { level } = located(value);
  return {
    ...before,
    [kind]: before[kind] + 1,
    seconds: before.seconds + seconds,
    highestLevel: Math.max(before.highestLevel, level),
    lowestLevel: Math.min(before.lowestLevel, level),
  };
}

function costedOpOf({ op }: Value): CostedOp {
  const found = costedOps.find((name) => op === `ckks.${name}`);
  if (!found) throw new InternalError(`no cost for ${op}`);
  return found;
}
