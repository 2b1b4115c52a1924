import { applyMatrix, applyTransposed, transposeMatrix, type Matrix } from '../../ir/matrix.ts';
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

/** Images that the kernel takes at once: eight vectors of four numbers stay in registers. */
const block = 32;
const numberBytes = 4;
const vectorBytes = 16;
const vectorNumbers = vectorBytes / numberBytes;
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
  const sums = Array.from({ length: block / vectorNumbers }, (_, k) => weight + 1 + k);
  const at = (base: number, index: number, bytes: number): wasm.Code =>
    wasm.add(wasm.get(base), wasm.multiply(wasm.get(index), wasm.constant(bytes)));
  const inner = [
    ...wasm.set(weight, wasm.loadSplat(at(value, entry, numberBytes))),
    ...wasm.set(source, wasm.add(wasm.get(x), wasm.multiply(wasm.loadInt(at(column, entry, 4)), wasm.get(stride)))),
    ...sums.flatMap((sum, k) => {
      const term = wasm.multiplyVectors(wasm.get(weight), wasm.loadVector(wasm.get(source), k * vectorBytes));
      return wasm.set(sum, wasm.addVectors(wasm.get(sum), term));
    }),
  ];
  const row = [
    ...wasm.set(target, wasm.add(wasm.get(out), wasm.multiply(wasm.get(from), wasm.get(stride)))),
    ...sums.flatMap((sum, k) => wasm.set(sum, wasm.loadVector(wasm.get(target), k * vectorBytes))),
    ...wasm.set(entry, wasm.loadInt(at(start, from, 4))),
    ...wasm.set(end, wasm.loadInt(wasm.add(at(start, from, 4), wasm.constant(4)))),
    ...wasm.countUp(entry, end, inner),
    ...sums.flatMap((sum, k) => wasm.storeVector(wasm.get(target), k * vectorBytes, wasm.get(sum))),
  ];
  return wasm.moduleBytes(8, { ints: 4, vectors: 1 + sums.length }, wasm.countUp(from, to, row));
}

/** The kernel with memory to work in, which grows to what the largest product needs. */
class BatchProduct {
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #run = new WebAssembly.Instance(new WebAssembly.Module(kernelBytes()), { env: { memory: this.#memory } })
    .exports.run;

  /** out += m * x. */
  add(m: Matrix, x: Float64Array, out: Float64Array, batch: number): void {
    const padded = Math.ceil(batch / block) * block;
    const stride = padded * numberBytes;
    const sizes = [
      numberBytes * m.value.length,
      stride * m.columns,
      stride * m.rows,
      4 * m.start.length,
      4 * m.column.length,
    ];
    const places = this.#reserve(sizes);
    const [value, from, to, start, column] = places;
    const { buffer } = this.#memory;
    new Float32Array(buffer, value, m.value.length).set(m.value);
    new Int32Array(buffer, start, m.start.length).set(m.start);
    new Int32Array(buffer, column, m.column.length).set(m.column);
    const source = new Float32Array(buffer, from, padded * m.columns);
    const target = new Float32Array(buffer, to, padded * m.rows);
    copyRows(x, batch, source, padded);
    copyRows(out, batch, target, padded);
    for (let row = 0; row < m.rows; row += rowsAtOnce) {
      const end = Math.min(m.rows, row + rowsAtOnce);
      for (let b = 0; b < padded; b += block)
        this.#run(row, end, start, column, value, from + numberBytes * b, to + numberBytes * b, stride);
    }
    copyRows(target, padded, out, batch);
  }

  /** Addresses for parts of these sizes, each at a multiple of a vector. */
  #reserve(sizes: readonly number[]): number[] {
    let end = 0;
    const places = sizes.map((size) => {
      const place = end;
      end += Math.ceil(size / vectorBytes) * vectorBytes;
      return place;
    });
    const missing = end - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / pageBytes));
    return places;
  }
}

type Numbers = Float64Array | Float32Array;

/** Rows of one length to rows of another; what one is longer is left as it is. */
function copyRows(from: Numbers, fromLength: number, to: Numbers, toLength: number): void {
  if (fromLength === toLength) return to.set(from);
  const length = Math.min(fromLength, toLength);
  for (let i = 0, j = 0; i < from.length; i += fromLength, j += toLength) to.set(from.subarray(i, i + length), j);
}

let kernel: BatchProduct | undefined;

/** Whether the kernel is worth its copies. */
const isWork = (m: Matrix, batch: number): boolean => batch >= block && m.value.length * batch >= leastWork;

function addByKernel(m: Matrix, x: Float64Array, out: Float64Array, batch: number): void {
  kernel ??= new BatchProduct();
  kernel.add(m, x, out, batch);
}

/**
 * out += m * x for a batch of images, both [elements, batch]; large products by a WebAssembly kernel in single precision, whose relative errors of some
 * 1e-6 are far below those of approximated activations and of encrypted numbers.
 */
export function addProduct(m: Matrix, x: Float64Array, out: Float64Array, batch: number): void {
  if (isWork(m, batch)) addByKernel(m, x, out, batch);
  else applyMatrix(m, x, out, batch);
}

/** out += transpose(m) * x, as {@link addProduct} does it. */
export function addTransposedProduct(m: Matrix, x: Float64Array, out: Float64Array, batch: number): void {
  if (isWork(m, batch)) addByKernel(transposeMatrix(m), x, out, batch);
  else applyTransposed(m, x, out, batch);
}
