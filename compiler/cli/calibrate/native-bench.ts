import { randomInt } from 'node:crypto';
import type { Parameters } from '../../../ir/ckks/parameters.ts';
import type { CostedOp } from '../../../passes/analysis/cost-table.ts';
import { openNative, type Handle, type NativeEngine } from '../../../runtime/native/library.ts';
import type { Bench } from './timing.ts';

/** More than a processor's caches hold for long. */
const beyondCaches = 2 ** 27;
const mostCopies = 32;

interface Operands {
  readonly cipher: () => Handle;
  readonly product: () => Handle;
  readonly plain: () => Handle;
}

/** Each time another copy, since a program finds few of its ciphertexts and none of its keys in a cache. */
function inTurn(engine: NativeEngine, make: () => Handle): () => Handle {
  const before = engine.bytesInUse();
  const copies = [make()];
  const wanted = Math.ceil(beyondCaches / (engine.bytesInUse() - before));
  while (copies.length < Math.min(wanted, mostCopies)) copies.push(make());
  let next = 0;
  return () => copies[next++ % copies.length];
}

/** The native engine in this thread, on words and keys without meaning: times do not depend on them. Errors: FHE0804 without the engine. */
export function openNativeBench(parameters: Parameters, threads: number): Bench & { readonly kernel: string } {
  const engine = openNative(parameters, { threads });
  const { ringDegree, scales, primes } = parameters;
  const top = primes.length - 1;
  const maker = engine.keyMaker(Int8Array.from({ length: ringDegree }, () => randomInt(-1, 2)));
  const keys = { relinearization: maker.relinearization(top), rotation: maker.galois(3, top) };
  maker.release();
  const relinearization = inTurn(engine, () => engine.importSeededKey(keys.relinearization));
  const rotation = inTurn(engine, () => engine.importSeededKey(keys.rotation));
  const vector = Float64Array.from({ length: ringDegree / 2 }, (_, i) => Math.sin(i));
  const words = new BigUint64Array(2 * primes.length * ringDegree);
  const below = 2 ** 20;
  for (let i = 0; i < words.length; i++) words[i] = BigInt((i * 48271) % below);
  const bytes = new Uint8Array(words.buffer);
  const operands = new Map<number, Operands>();
  const operandsAt = (level: number): Operands => {
    const known = operands.get(level);
    if (known) return known;
    const length = 16 * (level + 1) * ringDegree;
    const fresh = {
      cipher: inTurn(engine, () => engine.importCiphertext(bytes.subarray(0, length), 2, level, scales[level])),
      product: inTurn(engine, () => {
        const cipher = engine.importCiphertext(bytes.subarray(0, length), 2, level, scales[level]);
        const product = engine.multiply(cipher, cipher);
        engine.release(cipher);
        return product;
      }),
      plain: inTurn(engine, () => engine.encode(vector, level, scales[level])),
    };
    operands.set(level, fresh);
    return fresh;
  };
  const released = (call: () => Handle) => (): void => engine.release(call());

  const operation = (op: CostedOp, count: number): (() => void) | undefined => {
    const level = count - 1;
    const { cipher, product, plain } = operandsAt(level);
    switch (op) {
      case 'add':
        return released(() => engine.add(cipher(), cipher()));
      case 'sub':
        return released(() => engine.subtract(cipher(), cipher()));
      case 'negate':
        return released(() => engine.negate(cipher()));
      case 'mul':
        return released(() => engine.multiply(cipher(), cipher()));
      case 'add_plain':
        return released(() => engine.addPlain(cipher(), plain()));
      case 'mul_plain':
        return released(() => engine.multiplyPlain(cipher(), plain()));
      case 'encode':
        return released(() => engine.encode(vector, level, scales[level]));
      case 'relinearize':
        return released(() => engine.relinearize(product(), relinearization()));
      case 'rescale':
        return level > 0 ? released(() => engine.rescale(cipher())) : undefined;
      case 'mod_switch':
        return level > 0 ? released(() => engine.modDrop(cipher(), level - 1)) : undefined;
      case 'rotate':
        return released(() => engine.rotate(cipher(), rotation()));
      case 'mul_i':
        return released(() => engine.multiplyByI(cipher()));
      case 'mod_raise':
        return level === top ? released(() => engine.modRaise(operandsAt(0).cipher(), level)) : undefined;
      default:
        return undefined;
    }
  };
  return { parameters, operation, kernel: engine.kernelName(), close: () => engine.close() };
}
