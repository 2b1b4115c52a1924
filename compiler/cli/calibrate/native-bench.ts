import { randomInt } from 'node:crypto';
import type { Parameters } from '../../../ir/ckks/parameters.ts';
import type { CostedOp } from '../../../passes/analysis/cost-table.ts';
import { openNative, type Handle, type NativeEngine } from '../../../runtime/native/library.ts';
import type { Bench } from './timing.ts';

/** Larger than the caches of processors: in a program, which has many keys, none is found there. */
const beyondCaches = 2 ** 28;
const mostCopies = 32;

/** The same key again and again, each time another copy in memory. */
function inTurn(engine: NativeEngine, key: Uint8Array): () => Handle {
  const before = engine.bytesInUse();
  const copies = [engine.importSeededKey(key)];
  const wanted = Math.ceil(beyondCaches / (engine.bytesInUse() - before));
  while (copies.length < Math.min(wanted, mostCopies)) copies.push(engine.importSeededKey(key));
  let next = 0;
  return () => copies[next++ % copies.length];
}

/** The native engine in this thread, on words and keys without meaning: times do not depend on them. Errors: FHE0804 without the engine. */
export function openNativeBench(parameters: Parameters, threads: number): Bench & { readonly kernel: string } {
  const engine = openNative(parameters, { threads });
  const { ringDegree, scales, primes } = parameters;
  const top = primes.length - 1;
  const maker = engine.keyMaker(Int8Array.from({ length: ringDegree }, () => randomInt(-1, 2)));
  const relinearization = inTurn(engine, maker.relinearization(top));
  const rotation = inTurn(engine, maker.galois(3, top));
  maker.release();
  const vector = Float64Array.from({ length: ringDegree / 2 }, (_, i) => Math.sin(i));
  const words = new BigUint64Array(2 * primes.length * ringDegree);
  const below = 2 ** 20;
  for (let i = 0; i < words.length; i++) words[i] = BigInt((i * 48271) % below);
  const bytes = new Uint8Array(words.buffer);
  const operands = new Map<number, { cipher: Handle; product: Handle; plain: Handle }>();
  const operandsAt = (level: number): { cipher: Handle; product: Handle; plain: Handle } => {
    const known = operands.get(level);
    if (known) return known;
    const length = 16 * (level + 1) * ringDegree;
    const cipher = engine.importCiphertext(bytes.subarray(0, length), 2, level, scales[level]);
    const product = engine.multiply(cipher, cipher);
    const plain = engine.encode(vector, level, scales[level]);
    const fresh = { cipher, product, plain };
    operands.set(level, fresh);
    return fresh;
  };
  const released = (call: () => Handle) => (): void => engine.release(call());

  const operation = (op: CostedOp, count: number): (() => void) | undefined => {
    const level = count - 1;
    const { cipher, product, plain } = operandsAt(level);
    switch (op) {
      case 'add':
        return released(() => engine.add(cipher, cipher));
      case 'sub':
        return released(() => engine.subtract(cipher, cipher));
      case 'negate':
        return released(() => engine.negate(cipher));
      case 'mul':
        return released(() => engine.multiply(cipher, cipher));
      case 'add_plain':
        return released(() => engine.addPlain(cipher, plain));
      case 'mul_plain':
        return released(() => engine.multiplyPlain(cipher, plain));
      case 'encode':
        return released(() => engine.encode(vector, level, scales[level]));
      case 'relinearize':
        return released(() => engine.relinearize(product, relinearization()));
      case 'rescale':
        return level > 0 ? released(() => engine.rescale(cipher)) : undefined;
      case 'mod_switch':
        return level > 0 ? released(() => engine.modDrop(cipher, level - 1)) : undefined;
      case 'rotate':
        return released(() => engine.rotate(cipher, rotation()));
      case 'mul_i':
        return released(() => engine.multiplyByI(cipher));
      case 'mod_raise':
        return level === top ? released(() => engine.modRaise(operandsAt(0).cipher, level)) : undefined;
      default:
        return undefined;
    }
  };
  return { parameters, operation, kernel: engine.kernelName(), close: () => engine.close() };
}
