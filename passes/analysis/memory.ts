import { keyShape, loadedKeyBytes, sealKeyBytes } from '../../ir/ckks/key-bytes.ts';
import type { Parameters } from '../../ir/ckks/parameters.ts';
import { encodedBytes, keptWeights, mostFused, plaintextWords } from '../../ir/ckks/plaintext-bytes.ts';
import { secretName, type SecretName } from '../../ir/ckks/secret.ts';
import { isTensorAttr } from '../../ir/define.ts';
import type { Func, Value } from '../../ir/module.ts';
import { ciphertextBytes } from './cost-model.ts';
import { located } from './located.ts';
import { peakMemory, valueBytes } from './peak-memory.ts';

/** What one encrypted run takes, in bytes. */
export interface Memory {
  /** All evaluation keys, as they lie in memory. */
  readonly keyBytes: number;
  /**
   * With SEAL the keys, and the ciphertexts and plaintexts that live at once, at most. With the native engine the whole process where memory is not short:
   * within a seventh of what `fhec infer` measured on samples and on ResNet-20.
   */
  readonly peakBytes: number;
}

/** What a ckks function takes on the back end that it is for, SEAL unless told otherwise. */
export function memoryOf(func: Func, parameters: Parameters, target: 'seal' | 'native' = 'seal'): Memory {
  return target === 'native' ? nativeMemory(func, parameters) : sealMemory(func, parameters);
}

function sealMemory(func: Func, parameters: Parameters): Memory {
  const { ringDegree } = parameters;
  // The key to the sparse secret lives modulo the base prime and one special prime.
  const bytesOf = ({ to }: UsedKey): number =>
    to === 'sparse' ? ciphertextBytes(ringDegree, 2) : sealKeyBytes(parameters);
  const keyBytes = sum(usedKeys(func).map(bytesOf));
  return { keyBytes, peakBytes: keyBytes + peakMemory(func, ringDegree).peakBytes };
}

/** What the process of `fhec infer`, client and server in one, takes beside the engine: 0.6 to 0.9 GB measured at N = 2^14 and 2^15. */
const processBytes = 640 * 2 ** 20;

/** Freed buffers that the engine keeps for reuse, beside what is in use: Memory in runtime/native/engine/memory.hpp. */
const keptBuffers = 1 / 8;

function nativeMemory(func: Func, parameters: Parameters): Memory {
  const { ringDegree } = parameters;
  const keyBytes = sum(
    usedKeys(func).map(({ level, to }) => loadedKeyBytes(parameters, keyShape(parameters, level, to))),
  );
  const weights = Math.min(keptWeights, weightBytes(func, parameters));
  const ciphertexts = peakMemory(withHoists(func, ringDegree), ringDegree, 'ciphertexts').peakBytes;
  const engine = keyBytes + weights + ciphertexts;
  return { keyBytes, peakBytes: engine * (1 + keptBuffers) + processBytes };
}

/** A key, the highest level at which a function uses it, and the secret that it switches to, if it does. */
interface UsedKey {
  readonly level: number;
  readonly to: SecretName | undefined;
}

const keyed: ReadonlySet<string> = new Set(['ckks.rotate', 'ckks.conjugate', 'ckks.relinearize', 'ckks.switch_key']);

function usedKeys(func: Func): UsedKey[] {
  const found = new Map<string, UsedKey>();
  for (const { op, attrs, operands } of func.body) {
    if (!keyed.has(op)) continue;
    const to = secretName(attrs['to']);
    const steps = attrs['steps'];
    const name = `${op} ${to ?? (typeof steps === 'number' ? steps : '')}`;
    const { level } = located(operands[0]);
    found.set(name, { level: Math.max(level, found.get(name)?.level ?? 0), to });
  }
  return [...found.values()];
}

/** All encoded vectors, if they were kept. */
function weightBytes(func: Func, parameters: Parameters): number {
  const bytesOf = encodedBytes(parameters);
  const words = new Map<Float64Array, number>();
  return sum(
    func.body.map((value) => {
      const { vector } = value.attrs;
      if (value.op !== 'ckks.encode' || vector === undefined || !isTensorAttr(vector)) return 0;
      const known = words.get(vector.data) ?? plaintextWords(vector.data, parameters.ringDegree);
      words.set(vector.data, known);
      return bytesOf(known, located(value).level);
    }),
  );
}

/** The order of the native engine, which makes the rotations of a value at once, with the first of them. */
function withHoists(func: Func, ringDegree: number): Func {
  const turned = new Map<Value, Value[]>();
  const isTurn = ({ op }: Value): boolean => op === 'ckks.rotate' || op === 'ckks.conjugate';
  for (const value of func.body.filter(isTurn))
    turned.set(value.operands[0], [...(turned.get(value.operands[0]) ?? []), value]);
  const done = new Set<Value>();
  const body = func.body.flatMap((value) => {
    if (done.has(value)) return [];
    const source = value.operands.at(0);
    const all = (isTurn(value) && source && turned.get(source)) || [value];
    const at = all.indexOf(value);
    const together = all.slice(at, at + Math.max(1, Math.floor(mostFused / valueBytes(value, ringDegree))));
    for (const v of together) done.add(v);
    return together;
  });
  return { ...func, body };
}

const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0);
