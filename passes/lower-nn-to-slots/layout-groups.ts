import type { Func, Value } from '../../ir/module.ts';
import { elementCount } from '../../ir/tensor.ts';
import { isMatrixAttr, type Attr } from '../../ir/define.ts';
import type { Matrix } from '../../ir/matrix.ts';
import { nonzeroPattern } from '../kernels/polynomial.ts';
import { planPolynomial } from '../kernels/polynomial-plan.ts';
import { shapeOf } from '../nn/linear-op.ts';
import { coefficientsOf } from './coefficients.ts';

/** Values that element-wise ops join share one layout. */
export interface LayoutGroup {
  readonly id: number;
  /** Without the batch dimension. */
  readonly shape: readonly number[];
  readonly size: number;
  /** Every value of the group is a parameter, so that the client makes all copies. */
  readonly isInput: boolean;
  /** Products of encrypted vectors for each vector of the group. */
  readonly multiplications: number;
}

/** An `nn.linear` between groups. */
export interface LinearEdge {
  readonly value: Value;
  readonly operands: readonly number[];
  readonly result: number;
  readonly matrices: readonly Matrix[];
}

export interface LayoutGraph {
  readonly groups: readonly LayoutGroup[];
  /** In execution order. */
  readonly edges: readonly LinearEdge[];
  readonly groupOf: (value: Value) => number;
}

export function matricesOf(value: Value): readonly Matrix[] {
  const attr: Attr | undefined = value.attrs['matrices'];
  if (!Array.isArray(attr)) return [];
  return attr.flatMap((m: Attr) => (isMatrixAttr(m) ? [m] : []));
}

/** Finds what must share a layout, and the linear maps between. */
export function layoutGraph(func: Func): LayoutGraph {
  const parent = new Map<Value, Value>();
  const root = (v: Value): Value => {
    let at = v;
    for (let up = parent.get(at); up && up !== at; up = parent.get(at)) at = up;
    return at;
  };
  for (const value of [...func.params, ...func.body]) {
    parent.set(value, value);
    if (value.op === 'nn.linear') continue;
    for (const o of value.operands) parent.set(root(o), root(value));
  }
  const ids = new Map<Value, number>();
  const groups: LayoutGroup[] = [];
  for (const value of [...func.params, ...func.body]) {
    const top = root(value);
    const id = ids.get(top) ?? ids.size;
    ids.set(top, id);
    const before = id < groups.length ? groups[id] : undefined;
    const shape = shapeOf(value).slice(1);
    groups[id] = {
      id,
      shape: before?.shape ?? shape,
      size: elementCount(shape),
      isInput: (before?.isInput ?? true) && value.op === 'param',
      multiplications: (before?.multiplications ?? 0) + multiplicationsOf(value),
    };
  }
  const groupOf = (value: Value): number => ids.get(root(value)) ?? -1;
  const edges = func.body
    .filter((v) => v.op === 'nn.linear')
    .map((value) => ({
      value,
      operands: value.operands.map(groupOf),
      result: groupOf(value),
      matrices: matricesOf(value),
    }));
  return { groups, edges, groupOf };
}

function multiplicationsOf(value: Value): number {
  if (value.op === 'nn.mul') return 1;
  if (value.op !== 'nn.polynomial') return 0;
  return planPolynomial(nonzeroPattern(coefficientsOf(value))).multiplications;
}
