import type { Parameters } from '../../../ir/ckks/parameters.ts';
import type { CostedOp } from '../../../passes/analysis/cost-table.ts';
import { sealBackend } from '../../../runtime/seal/backend.ts';
import { closeSeal, encodeAt, openSeal, type CipherText, type PlainText } from '../../../runtime/seal/library.ts';
import type { Bench } from './timing.ts';

interface Operands {
  readonly cipher: CipherText;
  readonly other: CipherText;
  readonly product: CipherText;
  readonly plain: PlainText;
}

/** SEAL in this thread with fresh keys, which are thrown away. */
export async function openSealBench(parameters: Parameters): Promise<Bench> {
  const seal = await openSeal(parameters);
  const { library, context } = seal;
  const { ringDegree, scales, primes } = parameters;
  const generator = library.KeyGenerator(context);
  const secret = generator.secretKey();
  const publicKey = generator.createPublicKey();
  const encryptor = library.Encryptor(context, publicKey, secret);
  const evaluator = library.Evaluator(context);
  const relinearization = generator.createRelinKeys();
  const rotation = generator.createGaloisKeys(Int32Array.of(1));
  const conjugation = generator.createGaloisKeys(Int32Array.of(0));
  const backend = sealBackend(seal, { relinearization, conjugation, galois: { get: () => rotation } });
  const vector = Float64Array.from({ length: ringDegree / 2 }, (_, i) => Math.sin(i));
  const made: { delete: () => void }[] = [
    generator,
    secret,
    publicKey,
    encryptor,
    evaluator,
    relinearization,
    rotation,
    conjugation,
  ];
  const held = <T extends { delete: () => void }>(object: T): T => {
    made.push(object);
    return object;
  };
  const operands = new Map<number, Operands>();
  const operandsAt = (level: number): Operands => {
    const known = operands.get(level);
    if (known) return known;
    // A product at level 0 must fit too.
    const scale = level > 0 ? scales[level] : 2 ** 20;
    const plain = held(encodeAt(seal, evaluator, vector, level, scale));
    const [cipher, other] = [0, 1].map(() => {
      const encrypted = held(library.CipherText());
      encryptor.encryptSymmetric(plain, encrypted);
      return encrypted;
    });
    const fresh = { cipher, other, plain, product: held(backend.mul(cipher, other)) };
    operands.set(level, fresh);
    return fresh;
  };
  const released = (call: () => CipherText) => (): void => backend.releaseCipher(call());

  const operation = (op: CostedOp, count: number): (() => void) | undefined => {
    const level = count - 1;
    const { cipher, other, product, plain } = operandsAt(level);
    switch (op) {
      case 'add':
      case 'sub':
        // Two encryptions: SEAL complains of a sum that hides nothing.
        return released(() => backend[op](cipher, other));
      case 'negate':
      case 'conjugate':
        return released(() => backend[op](cipher));
      case 'mul_i':
        return released(() => backend.mulI(cipher));
      case 'mul':
        return released(() => backend.mul(cipher, other));
      case 'add_plain':
        return released(() => backend.addPlain(cipher, plain));
      case 'mul_plain':
        return released(() => backend.mulPlain(cipher, plain));
      case 'encode':
        return () => backend.releasePlain(backend.encode(vector, level, scales[level]));
      case 'relinearize':
        return released(() => backend.relinearize(product));
      case 'rescale':
        return level > 0 ? released(() => backend.rescale(cipher)) : undefined;
      case 'mod_switch':
        return level > 0 ? released(() => backend.modSwitch(cipher, level - 1)) : undefined;
      case 'rotate':
        return released(() => backend.rotate(cipher, 1));
      case 'mod_raise':
        return level === primes.length - 1 ? released(() => backend.modRaise(operandsAt(0).cipher, level)) : undefined;
      default:
        return undefined;
    }
  };
  return { parameters, operation, close: () => closeSeal(seal, made) };
}
