import type { Attr } from '../define.ts';
import type { Matrix } from '../matrix.ts';
import { matrixProblem } from '../matrix-check.ts';
import { matrixFromTriples } from '../matrix.ts';
import { elementCount, type Tensor } from '../tensor.ts';
import type { ConstantStore } from './constants.ts';
import type { AttrSyntax } from './syntax.ts';

/** Matrices with more rows or columns must come from the constant store: text must not make the reader allocate without bound. */
export const maxInlineMatrixSize = 65536;

/** An attribute, or why there is none. `missing` tells a constant that the store lacks from other mistakes. */
export type AttrResult = { readonly attr: Attr } | { readonly problem: string; readonly missing: boolean };

const wrong = (problem: string): AttrResult => ({ problem, missing: false });

const isDimension = (n: number): boolean => Number.isSafeInteger(n) && n >= 0 && n < 2 ** 31;

/** Resolves the syntax of an attribute. */
export function readAttr(syntax: AttrSyntax, constants: ConstantStore | undefined): AttrResult {
  switch (syntax.kind) {
    case 'number':
      return { attr: Number(syntax.text) };
    case 'string':
    case 'bool':
      return { attr: syntax.value };
    case 'constant':
      return readConstant(syntax.name, constants);
    case 'dense':
      return asAttr(denseTensor(syntax.shape, syntax.data));
    case 'sparse':
      return asAttr(sparseMatrix(syntax.shape, syntax.entries));
    case 'list':
      return readList(syntax.items, constants);
  }
}

const asAttr = (value: Tensor | Matrix | string): AttrResult =>
  typeof value === 'string' ? wrong(value) : { attr: value };

function readConstant(name: string, constants: ConstantStore | undefined): AttrResult {
  const constant = constants?.get(name);
  if (typeof constant === 'object') return { attr: constant };
  const problem = constant === undefined ? `constant #${name} is missing` : `constant #${name} is damaged: ${constant}`;
  return { problem, missing: true };
}

function readList(items: readonly AttrSyntax[], constants: ConstantStore | undefined): AttrResult {
  const attrs: Attr[] = [];
  for (const item of items) {
    const result = readAttr(item, constants);
    if ('problem' in result) return result;
    attrs.push(result.attr);
  }
  const numbers = attrs.filter((a) => typeof a === 'number');
  if (numbers.length === attrs.length) return { attr: numbers };
  const strings = attrs.filter((a) => typeof a === 'string');
  if (strings.length === attrs.length) return { attr: strings };
  const matrices = attrs.filter((a): a is Matrix => typeof a === 'object' && 'column' in a);
  return matrices.length === attrs.length
    ? { attr: matrices }
    : wrong('a list holds numbers, strings or matrices, all of one kind');
}

function denseTensor(shape: readonly number[], data: readonly number[]): Tensor | string {
  if (!shape.every(isDimension)) return `[${shape.join(', ')}] is no shape`;
  return elementCount(shape) === data.length
    ? { shape, data: Float64Array.from(data) }
    : `${data.length} elements do not fit shape [${shape.join(', ')}]`;
}

function sparseMatrix(shape: readonly number[], entries: readonly (readonly number[])[]): Matrix | string {
  const [rows, columns] = shape;
  if (shape.length !== 2 || !shape.every((n) => isDimension(n) && n <= maxInlineMatrixSize))
    return `[${shape.join(', ')}] is no size of a matrix written inline (two numbers up to ${maxInlineMatrixSize})`;
  const inside = entries.every(
    (e) => e.length === 3 && isDimension(e[0]) && isDimension(e[1]) && e[0] < rows && e[1] < columns,
  );
  if (!inside) return `each entry must be [row, column, value] inside ${rows} x ${columns}`;
  const [row, column, value] = [0, 1, 2].map((k) => entries.map((e) => e[k]));
  const matrix = matrixFromTriples(rows, columns, row, column, value);
  const problem = matrixProblem(matrix);
  if (problem) return `the matrix is malformed: ${problem}`;
  return matrix.value.length === entries.length ? matrix : 'an entry of the matrix is zero or stands twice';
}
