import type { Func, Module, Value } from '../../ir/module.ts';
import { countUses } from '../../ir/module.ts';
import { derivedLoc } from '../../ir/diagnostics.ts';
import { rewriteFunc, type Rewriter } from '../../ir/rewrite.ts';
import { add, rotate } from '../../ir/slots/ops.ts';
import { definePass } from '../define-pass.ts';
import { chooseKeySteps, decomposeStep, limitKeys, reachSteps, type StepSet } from './rotation-steps.ts';

/** A sum whose rotated terms can be rotated together: sum of rotate(term, steps), and the terms that are not rotated. */
interface RotatedSum {
  readonly plain: readonly Value[];
  /** The vectors rotated by each step. */
  readonly terms: ReadonlyMap<number, readonly Value[]>;
}

const stepsOf = (value: Value): number => {
  const steps = value.attrs['steps'];
  return typeof steps === 'number' ? steps : 0;
};

const slotsOf = (func: Func): number =>
  func.params.reduce((slots, p) => (p.type.kind === 'packed' ? p.type.slots : slots), 1);

/** The sums of the function that end in rotations of vectors used nowhere else, by their last addition. */
function findRotatedSums(func: Func): Map<Value, RotatedSum> {
  const uses = countUses(func);
  const once = (v: Value): boolean => uses.get(v) === 1;
  const inner = new Set<Value>();
  const isSum = (v: Value): boolean => v.op === add.name;
  for (const op of func.body) {
    if (isSum(op)) op.operands.filter((o) => isSum(o) && once(o)).forEach((o) => inner.add(o));
  }
  const sums = new Map<Value, RotatedSum>();
  for (const root of func.body) {
    if (!isSum(root) || inner.has(root)) continue;
    const plain: Value[] = [];
    const terms = new Map<number, Value[]>();
    const stack = [root];
    for (let at = stack.pop(); at; at = stack.pop()) {
      if (at === root || inner.has(at)) stack.push(...[...at.operands].reverse());
      else if (at.op === rotate.name && once(at) && once(at.operands[0])) {
        terms.set(stepsOf(at), [...(terms.get(stepsOf(at)) ?? []), at.operands[0]]);
      } else plain.push(at);
    }
    if (terms.size > 0) sums.set(root, { plain, terms });
  }
  return sums;
}

/** The steps by which each vector is rotated, where the rotations are not terms of a rotated sum. */
function findFans(func: Func, sums: ReadonlyMap<Value, RotatedSum>): Map<Value, number[]> {
  const summed = new Set([...sums.values()].flatMap((s) => [...s.terms.values()].flat()));
  const fans = new Map<Value, number[]>();
  for (const op of func.body) {
    if (op.op !== rotate.name || summed.has(op.operands[0])) continue;
    const steps = fans.get(op.operands[0]) ?? [];
    if (!steps.includes(stepsOf(op))) steps.push(stepsOf(op));
    fans.set(op.operands[0], steps);
  }
  return fans;
}

/** Rewrites the rotations of one function. */
class Chaining {
  readonly #sums: Map<Value, RotatedSum>;
  readonly #fans: Map<Value, number[]>;
  readonly #keys: Set<number>;
  readonly #allowed: Set<number>;
  readonly #slots: number;
  /** The new rotations of each new source. */
  readonly #made = new Map<Value, Map<number, Value>>();

  constructor(func: Func, maxKeys: number) {
    this.#slots = slotsOf(func);
    this.#sums = findRotatedSums(func);
    this.#fans = findFans(func, this.#sums);
    const sets: StepSet[] = [...this.#fans.values(), ...[...this.#sums.values()].map((s) => [...s.terms.keys()])];
    this.#keys = chooseKeySteps(sets, this.#slots);
    this.#allowed = this.#keys;
    if (maxKeys > 0 && this.#keys.size > maxKeys) {
      const uses = new Map([...this.#keys].map((k) => [k, 0]));
      for (const set of sets) {
        for (const [to, from] of reachSteps(set, this.#keys, this.#slots)) {
          const key = (to - from + this.#slots) % this.#slots;
          uses.set(key, (uses.get(key) ?? 0) + 1);
        }
      }
      this.#allowed = limitKeys(uses, maxKeys, this.#slots);
    }
  }

  rewrite(op: Value, { builder, mapped }: Rewriter): Value | undefined {
    const rotateBy = (x: Value, steps: number, loc = op.loc): Value => {
      const ways = decomposeStep(steps, this.#allowed, this.#slots) ?? [steps];
      return ways.reduce((value, by) => builder.create(rotate, [value], { steps: by }, loc), x);
    };
    const sum = this.#sums.get(op);
    if (sum) {
      const loc = derivedLoc('chain-rotations', op.loc);
      const total = (values: readonly Value[]): Value | undefined =>
        values.length === 0 ? undefined : values.reduce((a, b) => builder.create(add, [a, b], {}, loc));
      const steps = [...sum.terms.keys()];
      const parents = reachSteps(steps, this.#keys, this.#slots);
      const pending = new Map<number, Value[]>(steps.map((s) => [s, (sum.terms.get(s) ?? []).map(mapped)]));
      pending.set(0, sum.plain.map(mapped));
      // Leaves first: each sum is rotated towards its parent and joins the sum there.
      for (const [step, parent] of [...parents].reverse()) {
        const value = total(pending.get(step) ?? []);
        if (value) pending.get(parent)?.push(rotateBy(value, (step - parent + this.#slots) % this.#slots, loc));
      }
      return total(pending.get(0) ?? []);
    }
    const source = op.operands[0];
    const fan = op.op === rotate.name ? this.#fans.get(source) : undefined;
    if (!fan) return undefined;
    const parents = reachSteps(fan, this.#keys, this.#slots);
    const x = mapped(source);
    const made = this.#made.get(x) ?? new Map([[0, x]]);
    this.#made.set(x, made);
    const path: number[] = [];
    for (let at = stepsOf(op); !made.has(at); at = parents.get(at) ?? 0) path.push(at);
    for (const step of path.reverse()) {
      const parent = parents.get(step) ?? 0;
      made.set(step, rotateBy(made.get(parent) ?? x, (step - parent + this.#slots) % this.#slots));
    }
    return made.get(stepsOf(op));
  }
}

/** Rewrites rotations as chains over few distinct steps; see {@link chainRotationsPass}. */
export function chainRotations(module: Module, options: { readonly maxKeys?: number } = {}): Module {
  const { maxKeys = 0 } = options;
  return {
    ...module,
    funcs: module.funcs.map((func) => {
      const chaining = new Chaining(func, maxKeys);
      return rewriteFunc(func, (op, rewriter) => chaining.rewrite(op, rewriter));
    }),
  };
}

export const chainRotationsPass = definePass({
  name: 'chain-rotations',
  summary:
    'Makes rotations of one vector from one another, and rotates sums step by step (Horner), so that few distinct steps need keys.',
  assumes: [],
  from: 'slots',
  to: 'slots',
  options: {
    maxKeys: {
      kind: 'int',
      default: 0,
      help: 'most rotation keys; further steps are made of several rotations (0: as many as the fewest rotations need)',
    },
  },
  run: (module, { maxKeys }) => chainRotations(module, { maxKeys }),
});
