import type { Parameters } from '../../ir/ckks/parameters.ts';
import { primeBelow } from '../../passes/schedule/primes.ts';
import { openKeyMaker } from '../../runtime/client/native-keys.ts';
import { galoisSection, type EvaluationKeyFile } from '../../runtime/files/evaluation-keys.ts';
import { loadSealKey } from '../../runtime/native/keys.ts';
import { openNative, type Handle, type NativeEngine } from '../../runtime/native/library.ts';
import { takeCiphertext } from '../../runtime/native/transfer.ts';
import { sealBackend } from '../../runtime/seal/backend.ts';
import { openSeal, uncompressed, type Seal } from '../../runtime/seal/library.ts';
import { figure } from '../bench.ts';
import { median, type Figure } from '../figure.ts';

const ringDegree = 32768;
const dataPrimes = 16;
const steps = 1;
const galoisElement = 3;
const repetitions = 15;

/**
 * 16 data primes of 48 bits and so many special ones of 50, the width that the AVX-512 IFMA kernel takes: 128-bit security at N = 2^15 with one or two.
 * SEAL has one; then a digit of key switching is one prime, else two.
 */
function parametersWith(specialPrimes: 1 | 2): Parameters {
  const primes: bigint[] = [];
  for (let i = 0; i < dataPrimes + specialPrimes; i++) {
    const prime = primeBelow(2n ** (i < specialPrimes ? 50n : 48n), BigInt(2 * ringDegree), new Set(primes));
    if (prime === undefined) throw new Error('there are too few primes');
    primes.push(prime);
  }
  const data = primes.slice(specialPrimes);
  return {
    ringDegree,
    primes: data,
    specialPrimes: primes.slice(0, specialPrimes),
    scales: data.map(() => 2 ** 48),
    secure: true,
  };
}

const since = (began: number): number => (performance.now() - began) / 1000;

function timed(action: () => void): number {
  const began = performance.now();
  action();
  return since(began);
}

/** A Galois key in memory, as if it had come in a file. */
function keyFile(section: string, bytes: Uint8Array): EvaluationKeyFile {
  const content = { sectionNames: [section], section: () => bytes, sectionLength: () => bytes.length };
  return { container: { kind: 'evaluation-keys', body: {}, fingerprint: '', ...content }, keyFingerprint: '' };
}

/** An engine that holds a ciphertext of SEAL's and one key. */
interface Rotor {
  readonly engine: NativeEngine;
  readonly rotate: () => void;
}

/** The engine rotates with keys of its own, in digits of two primes, or with the key that SEAL made and uses. */
function openRotor(threads: number, keys: 'own' | 'seal', { keyBytes, cipherBytes, secretBytes }: SealBytes): Rotor {
  const parameters = parametersWith(keys === 'own' ? 2 : 1);
  const engine = openNative(parameters, { threads });
  const section = galoisSection(steps);
  const signature = { name: 'x', level: dataPrimes - 1, scale: parameters.scales[0] };
  const cipher = takeCiphertext(engine, parameters, cipherBytes, signature);
  const ownKey = (): Handle => {
    const maker = openKeyMaker(engine, secretBytes.slice(), ringDegree);
    const key = engine.importSeededKey(maker.galois(galoisElement, dataPrimes - 1));
    maker.release();
    return key;
  };
  const key = keys === 'own' ? ownKey() : loadSealKey(engine, parameters, keyFile(section, keyBytes), section);
  return { engine, rotate: () => engine.release(engine.rotate(cipher, key)) };
}

/**
 * A transform of one limb, and a rotation against SEAL's, which has one thread, of the same ciphertext, in turn: by the engine's own keys on one
 * thread and on two, and by SEAL's key on two.
 */
export async function* engineFigures(progress: (text: string) => void): AsyncIterable<Figure> {
  progress('opening SEAL');
  const seal = await openSeal(parametersWith(1));
  const { galois, ...bytes } = sealObjects(seal);
  const onSeal = sealBackend(seal, { relinearization: undefined, galois: { get: () => galois } });
  const sealCipher = seal.library.CipherText();
  sealCipher.loadArray(seal.context, bytes.cipherBytes);
  const rotors = [openRotor(1, 'own', bytes), openRotor(2, 'own', bytes), openRotor(2, 'seal', bytes)];
  const seconds = { seal: [] as number[], native: rotors.map((): number[] => []) };
  for (let i = 0; i <= repetitions; i++) {
    seconds.seal.push(timed(() => onSeal.releaseCipher(onSeal.rotate(sealCipher, steps))));
    rotors.forEach(({ rotate }, n) => seconds.native[n].push(timed(rotate)));
    progress(`rotation ${i} of ${repetitions}`);
  }
  const warm = (values: readonly number[]): number => median(values.slice(1));
  const ratio = (native: readonly number[]): number => median(native.slice(1).map((s, i) => seconds.seal[i + 1] / s));
  const [one, two, sealKey] = seconds.native;
  yield figure('engine.ntt15.us', 1e6 * rotors[0].engine.transformSeconds(), 'us');
  yield figure('engine.rotate15.seconds1', warm(one), 's');
  yield figure('engine.rotate15.seconds', warm(two), 's');
  yield figure('engine.rotate15.seal_key_seconds', warm(sealKey), 's');
  yield figure('engine.rotate15.seal_seconds', warm(seconds.seal), 's');
  yield figure('engine.rotate15.ratio_seal1', ratio(one));
  yield figure('engine.rotate15.ratio_seal', ratio(two));
  yield figure('engine.rotate15.ratio_seal_same_key', ratio(sealKey));
  for (const { engine } of rotors) engine.close();
}

interface SealBytes {
  readonly keyBytes: Uint8Array;
  readonly cipherBytes: Uint8Array;
  readonly secretBytes: Uint8Array;
}

function sealObjects(seal: Seal): SealBytes & { readonly galois: ReturnType<Seal['library']['GaloisKeys']> } {
  const { library, context, encoder, parameters } = seal;
  const generator = library.KeyGenerator(context);
  const made = generator.createGaloisKeysSerializable(Int32Array.of(steps));
  const keyBytes = made.saveArray(uncompressed(library));
  const galois = library.GaloisKeys();
  galois.loadArray(context, keyBytes);
  const plain = library.PlainText();
  encoder.encode(Float64Array.from({ length: parameters.ringDegree / 2 }, Math.random), parameters.scales[0], plain);
  const secret = generator.secretKey();
  const secretBytes = secret.saveArray(uncompressed(library));
  const publicKey = generator.createPublicKey();
  const encryptor = library.Encryptor(context, publicKey, secret);
  const cipher = library.CipherText();
  encryptor.encryptSymmetric(plain, cipher);
  const cipherBytes = cipher.saveArray(uncompressed(library));
  for (const o of [made, plain, secret, publicKey, encryptor, cipher, generator]) o.delete();
  return { keyBytes, cipherBytes, secretBytes, galois };
}
