import type { Builder } from '../../ir/builder.ts';
import { InternalError, type Loc } from '../../ir/diagnostics.ts';
import type { Matrix } from '../../ir/matrix.ts';
import type { Value } from '../../ir/module.ts';
import { linear } from '../../ir/nn/linear.ts';
import { elementCount, zeros, type Tensor } from '../../ir/tensor.ts';

/** The attributes of an `nn.linear`, typed. */
export interface LinearAttrs {
  readonly matrices: readonly Matrix[];
  readonly bias: Tensor;
  readonly shape: readonly number[];
}

export const isLinear = (value: Value): boolean => value.op === linear.name;

/** The attributes of an `nn.linear`; the builder has checked their kinds. */
export function linearAttrs(value: Value): LinearAttrs {
  if (!isLinear(value)) throw new InternalError(`${value.op} is not nn.linear`);
  const { matrices, bias, shape } = value.attrs;
  return { matrices: matrices as readonly Matrix[], bias: bias as Tensor, shape: shape as readonly number[] };
}

/** Creates an `nn.linear`; an absent bias is zero. */
export function createLinear(
  builder: Builder,
  inputs: readonly Value[],
  matrices: readonly Matrix[],
  shape: readonly number[],
  loc: Loc,
  bias: Tensor = zeros(shape),
): Value {
  return builder.create(linear, inputs, { matrices, bias, shape }, loc);
}

/** The shape of a tensor value. */
export function shapeOf(value: Value): readonly number[] {
  if (value.type.kind !== 'tensor') throw new InternalError(`value of ${value.op} is no tensor`);
  return value.type.shape;
}

export const sizeOf = (value: Value): number => elementCount(shapeOf(value));

export function isIdentity(m: Matrix): boolean {
  if (m.rows !== m.columns || m.value.length !== m.rows) return false;
  for (let r = 0; r < m.rows; r++) if (m.column[r] !== r || m.start[r + 1] !== r + 1 || m.value[r] !== 1) return false;
  return true;
}

/** Whether no row has more than one entry: the matrix picks and weighs elements, and a product with it on the right never grows. */
export function isGather(m: Matrix): boolean {
  for (let r = 0; r < m.rows; r++) if (m.start[r + 1] - m.start[r] > 1) return false;
  return true;
}

/**
 * Whether the matrix may need no multiplication on packed vectors: each row adds or subtracts the same few relative positions
 * (identity, strided picks, sums and differences of a shift). Rotations and additions alone compute it, and it costs no level, where
 * both ends have aligned layouts. Those exist for strides that are powers of two; the search for layouts usually finds them. Elsewhere
 * (a stride of 3, more terms than are worth a level) lowering spends a level: comparisons of paths are then off by it.
 */
export function isUnitMap(m: Matrix): boolean {
  const terms = m.start[1];
  if (m.rows === 0 || terms === 0 || m.value.length !== terms * m.rows) return false;
  for (let r = 0; r < m.rows; r++) {
    const i = m.start[r];
    if (m.start[r + 1] - i !== terms) return false;
    if (r > 0 && m.column[i] <= m.column[i - terms]) return false;
    for (let t = 0; t < terms; t++) {
      const v = m.value[i + t];
      if ((v !== 1 && v !== -1) || v !== m.value[t]) return false;
      if (m.column[i + t] - m.column[i] !== m.column[t] - m.column[0]) return false;
    }
  }
  return true;
}
