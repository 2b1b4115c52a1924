import { derivedLoc } from '../../ir/diagnostics.ts';
import { countUses, type Func, type Value } from '../../ir/module.ts';
import { add, constant, div, mul } from '../../ir/nn/elementwise.ts';
import { registry } from '../../ir/registry.ts';
import { rewriteFunc } from '../../ir/rewrite.ts';
import { sameType } from '../../ir/types.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { definePass } from '../define-pass.ts';

/** A value as a constant times a product of other values. */
interface Product {
  readonly factor: number;
  readonly values: readonly Value[];
}

const isOp = (value: Value, name: string): boolean => value.op === `nn.${name}`;
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-4 * Math.abs(b);

/** The number that a constant holds in all its elements. */
function scalarOf(value: Value): number | undefined {
  if (value.op !== constant.name) return undefined;
  const { data } = value.attrs['value'] as Tensor;
  return data.length > 0 && data.every((v) => v === data[0]) ? data[0] : undefined;
}

/** No activation has more factors than this, constants included. */
const mostFactors = 8;

/** Takes a tree of products and quotients apart; inner nodes only where nothing else uses them, and as many factors as an activation can have. */
function factorise(root: Value, uses: ReadonlyMap<Value, number>): Product {
  let factor = 1;
  const values: Value[] = [];
  const stack = [root];
  for (let parts = 0; stack.length > 0; parts++) {
    const value = stack.pop() ?? root;
    const inner = (value === root || uses.get(value) === 1) && parts < 2 * mostFactors;
    const scalar = scalarOf(value);
    const divisor = value.op === div.name ? scalarOf(value.operands[1]) : undefined;
    if (scalar !== undefined) factor *= scalar;
    else if (inner && value.op === mul.name) stack.push(value.operands[1], value.operands[0]);
    else if (inner && divisor !== undefined) {
      factor /= divisor;
      stack.push(value.operands[0]);
    } else values.push(value);
  }
  return { factor, values };
}

interface Gated {
  readonly name: string;
  readonly attrs: Readonly<Record<string, boolean>>;
}

/** y of 1 + f(y), or undefined. */
function onePlus(value: Value, f: string): Value | undefined {
  if (value.op !== add.name) return undefined;
  const [a, b] = value.operands;
  const other = scalarOf(a) === 1 ? b : scalarOf(b) === 1 ? a : undefined;
  return other && isOp(other, f) ? other.operands[0] : undefined;
}

/** The activation that `factor * x * gate` is, or undefined. */
function gatedActivation(x: Value, gate: Value, factor: number, uses: ReadonlyMap<Value, number>): Gated | undefined {
  if (near(factor, 1)) {
    if (isOp(gate, 'sigmoid') && gate.operands[0] === x) return { name: 'silu', attrs: {} };
    if (isOp(gate, 'hard_sigmoid') && gate.operands[0] === x) {
      const { alpha, beta } = gate.attrs;
      return near(Number(alpha), 1 / 6) && near(Number(beta), 0.5) ? { name: 'hard_swish', attrs: {} } : undefined;
    }
    const soft = isOp(gate, 'tanh') ? gate.operands[0] : undefined;
    return soft && isOp(soft, 'softplus') && soft.operands[0] === x ? { name: 'mish', attrs: {} } : undefined;
  }
  const y = near(factor, 0.5) ? onePlus(gate, 'erf') : undefined;
  if (!y) return undefined;
  const { factor: c, values } = factorise(y, uses);
  return values.length === 1 && values[0] === x && near(c, Math.SQRT1_2)
    ? { name: 'gelu', attrs: { tanh: false } }
    : undefined;
}

function fuse(func: Func): Func {
  const uses = countUses(func);
  return rewriteFunc(func, (op, { builder, mapped }) => {
    if (op.op !== mul.name && op.op !== div.name) return undefined;
    const { factor, values } = factorise(op, uses);
    if (values.length !== 2) return undefined;
    for (const [x, gate] of [values, values.toReversed()]) {
      const found = gatedActivation(x, gate, factor, uses);
      if (found && sameType(x.type, op.type))
        return builder.create(
          registry.get(`nn.${found.name}`),
          [mapped(x)],
          found.attrs,
          derivedLoc('fuse-activations', op.loc, gate.loc),
        );
    }
    return undefined;
  });
}

/**
 * Recognises activations that exporters write as products: x * sigmoid(x) is SiLU, x * hard_sigmoid(x) HardSwish,
 * x * tanh(softplus(x)) Mish, x / 2 * (1 + erf(x / sqrt 2)) GELU. One polynomial then stands for the whole, with one multiplication less.
 */
export const fuseActivations = definePass({
  name: 'fuse-activations',
  summary: 'Recognises SiLU, HardSwish, Mish and GELU in products',
  assumes: [],
  from: 'nn',
  to: 'nn',
  options: {},
  run: (module) => ({ ...module, funcs: module.funcs.map(fuse) }),
});
