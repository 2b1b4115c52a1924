import { fail } from '../../../ir/diagnostics.ts';
import type { Matrix } from '../../../ir/matrix.ts';
import type { Value } from '../../../ir/module.ts';
import type { Tensor } from '../../../ir/tensor.ts';

/** A linear op and which of its operands are constants. */
export interface LinearSite {
  readonly op: Value;
  /** By operand: the constant, or undefined for an encrypted value. */
  readonly constants: readonly (Tensor | undefined)[];
}

/** A linear op as matrices on its encrypted operands, by operand index, plus a bias. */
export interface LinearForm {
  readonly matrices: ReadonlyMap<number, Matrix>;
  /** One number for each element of the result; absent when zero. */
  readonly bias?: Float64Array;
}

/** Gives the form of an op, or throws FHE0501 where it is not linear in its encrypted operands. */
export type LinearFormOf = (site: LinearSite) => LinearForm;

/** The constant operand `index`, which the op needs to be linear. */
export function constantOperand({ op, constants }: LinearSite, index: number, what: string): Tensor {
  return (
    constants[index] ??
    fail('FHE0501', `${what} of this operator depends on the input; only constants are supported there`, op.loc)
  );
}

/** The operand that is encrypted, of an op that allows one only. */
export const only = (matrix: Matrix, bias?: Float64Array): LinearForm =>
  bias ? { matrices: new Map([[0, matrix]]), bias } : { matrices: new Map([[0, matrix]]) };

/** Triples of a matrix while it is built, in typed arrays of the size known beforehand. */
export interface Triples {
  readonly row: Int32Array;
  readonly column: Int32Array;
  readonly value: Float64Array;
}

export const triples = (count: number): Triples => ({
  row: new Int32Array(count),
  column: new Int32Array(count),
  value: new Float64Array(count),
});
