import type { Parameters } from '../../ir/ckks/parameters.ts';
import { primeBelow } from '../../passes/schedule/primes.ts';
import { galoisSection, type EvaluationKeyFile } from '../../runtime/files/evaluation-keys.ts';
import { nativeBackend } from '../../runtime/native/backend.ts';
import { openNative } from '../../runtime/native/library.ts';
import { loadSealKey } from '../../runtime/native/keys.ts';
import { takeCiphertext } from '../../runtime/native/transfer.ts';
import { sealBackend } from '../../runtime/seal/backend.ts';
import { openSeal, uncompressed, type Seal } from '../../runtime/seal/library.ts';
import { figure } from '../bench.ts';
import { median, type Figure } from '../figure.ts';

const ringDegree = 32768;
const dataPrimes = 17;
const steps = 1;
const repetitions = 9;

/** 17 data primes and a special one of 50 bits: 128-bit security at N = 2^15, and the width that the AVX-512 IFMA kernel takes. */
function parametersOfBench(): Parameters {
  const primes: bigint[] = [];
  for (let i = 0; i <= dataPrimes; i++) {
    const prime = primeBelow(2n ** (i === 0 ? 50n : 48n), BigInt(2 * ringDegree), new Set(primes));
    if (prime === undefined) throw new Error('there are too few primes');
    primes.push(prime);
  }
  const [special, ...rest] = primes;
  return { ringDegree, primes: rest, specialPrimes: [special], scales: rest.map(() => 2 ** 48), secure: true };
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

/** A transform of one limb, and a rotation on one thread and on two against SEAL's, which has one, with the same key and ciphertext, in turn. */
export async function* engineFigures(progress: (text: string) => void): AsyncIterable<Figure> {
  const parameters = parametersOfBench();
  progress('opening SEAL');
  const seal = await openSeal(parameters);
  const { keyBytes, cipherBytes, galois } = sealObjects(seal);
  const section = galoisSection(steps);
  const onSeal = sealBackend(seal, { relinearization: undefined, galois: { get: () => galois } });
  const sealCipher = seal.library.CipherText();
  sealCipher.loadArray(seal.context, cipherBytes);
  const natives = [1, 2].map((threads) => {
    const engine = openNative(parameters, { threads });
    const key = loadSealKey(engine, parameters, keyFile(section, keyBytes), section);
    const missing = (): never => {
      throw new Error('there is one key');
    };
    const keys = {
      relinearization: missing,
      conjugation: missing,
      secret: missing,
      rotation: () => key,
      automorphisms: () => [key],
    };
    const signature = { name: 'x', level: dataPrimes - 1, scale: parameters.scales[0] };
    const cipher = takeCiphertext(engine, parameters, cipherBytes, signature);
    return { engine, backend: nativeBackend(engine, keys), cipher };
  });
  const seconds = { seal: [] as number[], native: [[] as number[], [] as number[]] };
  for (let i = 0; i <= repetitions; i++) {
    seconds.seal.push(timed(() => onSeal.releaseCipher(onSeal.rotate(sealCipher, steps))));
    natives.forEach(({ backend, cipher }, n) => {
      seconds.native[n].push(timed(() => backend.releaseCipher(backend.rotate(cipher, steps))));
    });
    progress(`rotation ${i} of ${repetitions}`);
  }
  const warm = (values: readonly number[]): number => median(values.slice(1));
  const [one, two] = seconds.native;
  yield figure('engine.ntt15.us', 1e6 * natives[0].engine.transformSeconds(), 'us');
  yield figure('engine.rotate15.seconds1', warm(one), 's');
  yield figure('engine.rotate15.seconds', warm(two), 's');
  yield figure('engine.rotate15.seal_seconds', warm(seconds.seal), 's');
  const ratio = (native: readonly number[]): number => median(native.slice(1).map((s, i) => seconds.seal[i + 1] / s));
  yield figure('engine.rotate15.ratio_seal1', ratio(one));
  yield figure('engine.rotate15.ratio_seal', ratio(two));
  for (const { engine } of natives) engine.close();
}

function sealObjects(seal: Seal): {
  readonly keyBytes: Uint8Array;
  readonly cipherBytes: Uint8Array;
  readonly galois: ReturnType<Seal['library']['GaloisKeys']>;
} {
  const { library, context, encoder, parameters } = seal;
  const generator = library.KeyGenerator(context);
  const made = generator.createGaloisKeysSerializable(Int32Array.of(steps));
  const keyBytes = made.saveArray(uncompressed(library));
  const galois = library.GaloisKeys();
  galois.loadArray(context, keyBytes);
  const plain = library.PlainText();
  encoder.encode(Float64Array.from({ length: parameters.ringDegree / 2 }, Math.random), parameters.scales[0], plain);
  const secret = generator.secretKey();
  const publicKey = generator.createPublicKey();
  const encryptor = library.Encryptor(context, publicKey, secret);
  const cipher = library.CipherText();
  encryptor.encryptSymmetric(plain, cipher);
  const cipherBytes = cipher.saveArray(uncompressed(library));
  for (const o of [made, plain, secret, publicKey, encryptor, cipher, generator]) o.delete();
  return { keyBytes, cipherBytes, galois };
}
