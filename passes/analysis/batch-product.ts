import { applyMatrix, type Matrix } from '../../ir/matrix.ts';
import * as wasm from './wasm-module.ts';

/** What of WebAssembly's interface is used; the compiler's library of types has it for browsers only. */
declare const WebAssembly: {
  readonly Memory: new (options: { readonly initial: number }) => Memory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: Memory } },
  ) => {
    readonly exports: { readonly run: (...args: readonly number[]) => void };
  };
};

interface Memory {
  readonly buffer: ArrayBuffer;
  readonly grow: (pages: number) => number;
}

/** Images that the kernel takes at once: eight pairs of doubles stay in registers. */
const block = 16;
const pairBytes = 16;
const pageBytes = 65536;
/** Rows between changes of images: their entries stay in the cache. */
const rowsAtOnce = 128;
/** Products with fewer multiplications are not worth the copies. */
const leastWork = 2e7;

/**
 * out[r] += sum of value[e] * x[column[e]] over the entries e of the rows r in from .. to, for {@link block} images: parameters are from, to, the addresses
 * of start, column, value, x and out, and the bytes from one element's images to the next one's.
 */
function kernelBytes(): Uint8Array {
  const [from, to, start, column, value, x, out, stride, entry, end, source, target, weight] = [
    ...new Array(13).keys(),
  ];
  const sums = Array.from({ length: block / 2 }, (_, k) => weight + 1 + k);
  const at = (base: number, index: number, bytes: number): wasm.Code =>
    wasm.add(wasm.get(base), wasm.multiply(wasm.get(index), wasm.constant(bytes)));
  const inner = [
    ...wasm.set(weight, wasm.loadTwice(at(value, entry, 8))),
    ...wasm.set(source, wasm.add(wasm.get(x), wasm.multiply(wasm.loadInt(at(column, entry, 4)), wasm.get(stride)))),
    ...sums.flatMap((sum, k) => {
      const term = wasm.multiplyPairs(wasm.get(weight), wasm.loadPair(wasm.get(source), k * pairBytes));
      return wasm.set(sum, wasm.addPairs(wasm.get(sum), term));
    }),
  ];
  const row = [
    ...wasm.set(target, wasm.add(wasm.get(out), wasm.multiply(wasm.get(from), wasm.get(stride)))),
    ...sums.flatMap((sum, k) => wasm.set(sum, wasm.loadPair(wasm.get(target), k * pairBytes))),
    ...wasm.set(entry, wasm.loadInt(at(start, from, 4))),
    ...wasm.set(end, wasm.loadInt(wasm.add(at(start, from, 4), wasm.constant(4)))),
    ...wasm.countUp(entry, end, inner),
    ...sums.flatMap((sum, k) => wasm.storePair(wasm.get(target), k * pairBytes, wasm.get(sum))),
  ];
  return wasm.moduleBytes(8, { ints: 4, pairs: 1 + sums.length }, wasm.countUp(from, to, row));
}

/** The kernel with memory to work in, which grows to what the largest product needs. */
class BatchProduct {
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #run = new WebAssembly.Instance(new WebAssembly.Module(kernelBytes()), { env: { memory: this.#memory } })
    .exports.run;

  /** out += m * x. */
  add(m: Matrix, x: Float64Array, out: Float64Array, batch: number): void {
    const padded = Math.ceil(batch / block) * block;
    const stride = padded * 8;
    const sizes = [8 * m.value.length, stride * m.columns, stride * m.rows, 4 * m.start.length, 4 * m.column.length];
    const places = this.#reserve(sizes);
    const [value, from, to, start, column] = places;
    const { buffer } = this.#memory;
    new Float64Array(buffer, value, m.value.length).set(m.value);
    new Int32Array(buffer, start, m.start.length).set(m.start);
    new Int32Array(buffer, column, m.column.length).set(m.column);
    const source = new Float64Array(buffer, from, padded * m.columns);
    const target = new Float64Array(buffer, to, padded * m.rows);
    copyRows(x, batch, source, padded);
    copyRows(out, batch, target, padded);
    for (let row = 0; row < m.rows; row += rowsAtOnce) {
      const end = Math.min(m.rows, row + rowsAtOnce);
      for (let b = 0; b < padded; b += block)
        this.#run(row, end, start, column, value, from + 8 * b, to + 8 * b, stride);
    }
    copyRows(target, padded, out, batch);
  }

  /** Addresses for parts of these sizes, each at a multiple of a pair. */
  #reserve(sizes: readonly number[]): number[] {
    let end = 0;
    const places = sizes.map((size) => {
      const place = end;
      end += Math.ceil(size / pairBytes) * pairBytes;
      return place;
    });
    const missing = end - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / pageBytes));
    return places;
  }
}

/** Rows of one length to rows of another; what one is longer is left as it is. */
function copyRows(from: Float64Array, fromLength: number, to: Float64Array, toLength: number): void {
  if (fromLength === toLength) return to.set(from);
  const length = Math.min(fromLength, toLength);
  for (let i = 0, j = 0; i < from.length; i += fromLength, j += toLength) to.set(from.subarray(i, i + length), j);
}

let kernel: BatchProduct | undefined;

/** out += m * x for a batch of images, both [elements, batch]; large products by a WebAssembly kernel. */
export function addProduct(m: Matrix, x: Float64Array, out: Float64Array, batch: number): void {
  if (batch < block || m.value.length * batch < leastWork) return applyMatrix(m, x, out, batch);
  kernel ??= new BatchProduct();
  kernel.add(m, x, out, batch);
}
