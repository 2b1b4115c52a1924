import { randomBytes } from 'node:crypto';
import { InternalError } from '../../ir/diagnostics.ts';
import type { Section } from '../../ir/program/container.ts';
import { secretSwitchSection } from '../files/evaluation-keys.ts';
import { closeSeal, createSeal, levelIdBytes, uncompressed, type Seal } from '../seal/library.ts';
import { Polynomials } from '../seal/polynomials.ts';
import { plainBytes, plainWords } from '../seal/raw.ts';
import { openBase } from '../seal/switch-secret.ts';
import { addToKeyDigits } from './key-digits.ts';

export type KeyGenerator = ReturnType<Seal['library']['KeyGenerator']>;

/**
 * Makes an ephemeral sparse ternary secret of this Hamming weight and the two keys that switch to it and back, then forgets it. A relinearization key
 * of SEAL encrypts s^2 under s; adding t - s^2 to what it encrypts makes it a key from t to s. The key to the sparse secret lives modulo the
 * base prime and the special prime only: under a larger modulus the sparse secret would be weak. `denseBytes`: the secret key as SEAL saves it.
 */
export function makeSecretSwitchKeys(
  seal: Seal,
  generator: KeyGenerator,
  denseBytes: Uint8Array,
  hammingWeight: number,
): Section[] {
  const { library, parameters } = seal;
  const { ringDegree, primes, specialPrimes } = parameters;
  const form = uncompressed(library);
  const dense = rows(plainWords(denseBytes), ringDegree);
  const coefficients = sparseTernary(ringDegree, hammingWeight, randomBytes);
  const sparse = rows(valuesOf(seal, coefficients), ringDegree);
  const special = inOwnContext(seal, specialPrimes[0], primes[0], coefficients);
  const factor = specialPrimes.reduce((product, p) => product * p, 1n);

  const toDense = generator.createRelinKeysSerializable();
  const toDenseBytes = addToKeyDigits(toDense.saveArray(form), primes, ringDegree, (digit, q) =>
    difference(sparse[digit], dense[digit], factor, q),
  );
  toDense.delete();

  const base = openBase(seal);
  const sparseWords = new BigUint64Array(2 * ringDegree);
  sparseWords.set(sparse[0]);
  sparseWords.set(special, ringDegree);
  const sparseBytes = plainBytes(levelIdBytes(base.context.keyParmsId), 1, sparseWords);
  const sparseKey = library.SecretKey();
  sparseKey.loadArray(base.context, sparseBytes);
  const baseGenerator = library.KeyGenerator(base.context, sparseKey);
  const toSparse = baseGenerator.createRelinKeysSerializable();
  const toSparseBytes = addToKeyDigits(toSparse.saveArray(form), primes.slice(0, 1), ringDegree, (_, q) =>
    difference(dense[0], sparse[0], factor, q),
  );
  toSparse.delete();
  closeSeal(base, [baseGenerator, sparseKey]);

  coefficients.fill(0n);
  for (const secret of [...dense, ...sparse, special, sparseWords]) secret.fill(0n);
  sparseBytes.fill(0);
  return [
    { name: secretSwitchSection('sparse'), bytes: toSparseBytes },
    { name: secretSwitchSection('dense'), bytes: toDenseBytes },
  ];
}

/** One array for each prime, sharing the memory of `words`. */
function rows(words: BigUint64Array, ringDegree: number): BigUint64Array[] {
  return Array.from({ length: words.length / ringDegree }, (_, p) =>
    words.subarray(p * ringDegree, (p + 1) * ringDegree),
  );
}

/** factor * (secret - own^2) modulo q, value by value. */
function difference(secret: BigUint64Array, own: BigUint64Array, factor: bigint, q: bigint): BigUint64Array {
  const f = factor % q;
  return secret.map((t, i) => (((t + q - ((own[i] * own[i]) % q)) % q) * f) % q);
}

function valuesOf(seal: Seal, coefficients: readonly bigint[]): BigUint64Array {
  const evaluator = seal.library.Evaluator(seal.context);
  const values = new Polynomials(seal, evaluator).values(coefficients, seal.parameters.primes.length - 1);
  evaluator.delete();
  return values;
}

/** The values modulo the special prime, in a context where it is a prime of the chain: SEAL transforms no ciphertext modulo a special prime. */
function inOwnContext(seal: Seal, special: bigint, base: bigint, coefficients: readonly bigint[]): BigUint64Array {
  const exchanged = { ...seal.parameters, primes: [special], specialPrimes: [base], scales: [1] };
  const own = createSeal(seal.library, exchanged);
  try {
    return valuesOf(own, coefficients);
  } finally {
    closeSeal(own, []);
  }
}

/**
 * `ringDegree` coefficients of which `hammingWeight` are 1 or -1 and the rest 0, uniform among all such polynomials: positions are drawn until enough
 * differ, each with a fair sign.
 */
export function sparseTernary(
  ringDegree: number,
  hammingWeight: number,
  bytes: (count: number) => Uint8Array,
): bigint[] {
  if (!Number.isInteger(Math.log2(ringDegree)) || ringDegree > 2 ** 16 || hammingWeight > ringDegree)
    throw new InternalError(`no sparse secret of weight ${hammingWeight} for ring degree ${ringDegree}`);
  const coefficients = new Array<bigint>(ringDegree).fill(0n);
  for (let placed = 0; placed < hammingWeight;) {
    const [low, high, sign] = bytes(3);
    // The ring degree divides 2^16, so that the remainder is uniform.
    const place = (low + 256 * high) % ringDegree;
    if (coefficients[place] !== 0n) continue;
    coefficients[place] = sign % 2 === 0 ? 1n : -1n;
    placed++;
  }
  return coefficients;
}
