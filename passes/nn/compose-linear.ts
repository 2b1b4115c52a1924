import { derivedLoc, fail } from '../../ir/diagnostics.ts';
import { addMatrices, applyMatrix, multiplyMatrices, productSize, type Matrix } from '../../ir/matrix.ts';
import type { Func, Value } from '../../ir/module.ts';
import { rewriteFunc, type Rewriter } from '../../ir/rewrite.ts';
import { sameShape, tensor } from '../../ir/tensor.ts';
import { definePass } from '../define-pass.ts';
import { depthAfter } from './depth.ts';
import { createLinear, isGather, isIdentity, isLinear, isUnitMap, linearAttrs, shapeOf } from './linear-op.ts';

/** A linear value as a sum over values that stay. */
interface Form {
  readonly inputs: readonly Value[];
  readonly matrices: readonly Matrix[];
  readonly bias: Float64Array;
}

const entries = (m: Matrix): number => m.value.length;

/** Multiplications of the product by Gustavson's algorithm: a cheap bound on its entries. */
function productWork(left: Matrix, right: Matrix): number {
  let work = 0;
  for (let i = 0; i < left.column.length; i++) {
    const k = left.column[i];
    work += right.start[k + 1] - right.start[k];
  }
  return work;
}

/** Whether `matrix * form` stays within `limit` entries. */
function fitsWithin(matrix: Matrix, form: Form, limit: number): boolean {
  let left = limit;
  for (const m of form.matrices) {
    const work = productWork(matrix, m);
    left -= work <= left ? work : productSize(matrix, m, left + 1);
    if (left < 0) return false;
  }
  return true;
}

/** Rewrites one function; `limit` bounds the entries of one composed operand. */
class Composer {
  readonly #forms = new Map<Value, Form>();
  readonly #depths = new Map<Value, number>();
  readonly #consumers = new Map<Value, number>();
  readonly #limit: number;

  constructor(func: Func, limit: number) {
    this.#limit = limit;
    const use = (v: Value): void => void this.#consumers.set(v, (this.#consumers.get(v) ?? 0) + 1);
    for (const op of func.body) new Set(op.operands).forEach(use);
    func.results.forEach((r) => use(r.value));
  }

  rewrite(op: Value, { builder, mapped }: Rewriter): Value {
    const operands = op.operands.map(mapped);
    if (!isLinear(op)) return this.#measured(builder.copy(op, operands));
    const { matrices, bias, shape } = linearAttrs(op);
    const terms = new Map<Value, Matrix>();
    const sum = bias.data.slice();
    const add = (input: Value, matrix: Matrix): void => {
      const known = terms.get(input);
      terms.set(input, known ? addMatrices(known, matrix) : matrix);
    };
    const locs = [op.loc];
    const chosen = this.#choose(op, operands, matrices);
    operands.forEach((operand, i) => {
      const form = chosen[i];
      if (!form) {
        add(operand, matrices[i]);
        return;
      }
      form.inputs.forEach((input, k) => {
        add(input, isIdentity(matrices[i]) ? form.matrices[k] : multiplyMatrices(matrices[i], form.matrices[k]));
      });
      applyMatrix(matrices[i], form.bias, sum);
      locs.push(operand.loc);
    });
    if (!sum.every(Number.isFinite) || [...terms.values()].some((m) => !m.value.every(Number.isFinite)))
      fail(
        'FHE0501',
        'the weights of this operator, multiplied with those of the linear operators before it, overflow',
        op.loc,
      );
    const kept = [...terms].filter(([, m]) => entries(m) > 0);
    const [inputs, products] = [kept.map(([v]) => v), kept.map(([, m]) => m)];
    const vanishes =
      inputs.length === 1 &&
      isIdentity(products[0]) &&
      sameShape(shapeOf(inputs[0]), shape) &&
      sum.every((b) => b === 0);
    if (vanishes) return inputs[0];
    const loc = locs.length > 1 ? derivedLoc('compose-linear', ...locs) : op.loc;
    const value = this.#measured(createLinear(builder, inputs, products, shape, loc, tensor(shape, sum)));
    this.#forms.set(value, { inputs, matrices: products, bias: sum });
    return value;
  }

  #measured(value: Value): Value {
    this.#depths.set(
      value,
      depthAfter(value, (v) => this.#depth(v)),
    );
    return value;
  }

  #depth(value: Value): number {
    return this.#depths.get(value) ?? 0;
  }

  /** For each operand the form to put in its place, or undefined where the operand stays. */
  #choose(op: Value, operands: readonly Value[], matrices: readonly Matrix[]): (Form | undefined)[] {
    const forms = operands.map((v) => this.#forms.get(v));
    const unit = matrices.map(isUnitMap);
    const staying = operands.map((v, i) => this.#depth(v) + (unit[i] ? 0 : 1));
    const replaced = forms.map((form, i) =>
      form
        ? Math.max(0, ...form.inputs.map((v, k) => this.#depth(v) + (unit[i] && isUnitMap(form.matrices[k]) ? 0 : 1)))
        : staying[i],
    );
    const least = Math.max(0, ...staying.map((d, i) => Math.min(d, replaced[i])));
    return forms.map((form, i) => {
      if (!form) return undefined;
      const critical = staying[i] > least;
      const picks = form.matrices.length === 1 && isGather(form.matrices[0]);
      const free = picks && (!unit[i] || isUnitMap(form.matrices[0]));
      const last = this.#consumers.get(op.operands[i]) === 1;
      if (!critical && !free && !last) return undefined;
      const parts = entries(matrices[i]) + form.matrices.reduce((n, m) => n + entries(m), 0);
      return fitsWithin(matrices[i], form, critical ? this.#limit : Math.min(this.#limit, 4 * parts))
        ? form
        : undefined;
    });
  }
}

/**
 * Chains of `nn.linear` multiply into one; operands that meet on the same value add up; identities vanish.
 *
 * A linear operand is put in by its definition where that saves a level on the deepest path of the result, where this is its last
 * consumer, or where it only picks elements (so the product cannot grow). A linear value that other ops need anyway stays
 * when using it costs no level more: the sums and differences of a max-pooling tournament are shifts of one convolution's result, not
 * convolutions of their own. Products that save no level may have at most four times the entries of their factors; no product may
 * exceed `max-entries`.
 */
export const composeLinear = definePass({
  name: 'compose-linear',
  summary: 'Multiplies chains of linear operators into one',
  assumes: ['linearize'],
  from: 'nn',
  to: 'nn',
  options: {
    'max-entries': {
      kind: 'int',
      default: 2 ** 25,
      help: 'largest number of non-zeros of one composed matrix (12 bytes each)',
    },
  },
  run: (module, options) => ({
    ...module,
    funcs: module.funcs.map((func) => {
      const composer = new Composer(func, options['max-entries']);
      return rewriteFunc(func, (op, rewriter) => composer.rewrite(op, rewriter));
    }),
  }),
});
