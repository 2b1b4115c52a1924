import { InternalError } from './diagnostics.ts';

/**
 * A dense array of doubles, row-major. The one value that every level's executable meaning speaks:
 * tensors at nn, vectors of shape [slots] at slots and ckks.
 */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((n, d) => n * d, 1);
}

/** Wraps `data`; throws {@link InternalError} when the length does not fit the shape. */
export function tensor(shape: readonly number[], data: ArrayLike<number>): Tensor {
  const array = data instanceof Float64Array ? data : Float64Array.from(data);
  if (array.length !== elementCount(shape)) {
    throw new InternalError(`${array.length} elements do not fit shape [${shape.join(', ')}]`);
  }
  return { shape, data: array };
}

export function zeros(shape: readonly number[]): Tensor {
  return { shape, data: new Float64Array(elementCount(shape)) };
}

export function scalar(value: number): Tensor {
  return { shape: [], data: Float64Array.of(value) };
}

/** Row-major strides in elements. */
export function strides(shape: readonly number[]): number[] {
  const result = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) result[i] = result[i + 1] * shape[i + 1];
  return result;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}
