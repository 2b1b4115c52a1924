import type { Func, Value } from '../../ir/module.ts';
import { ciphertextBytes } from './cost-model.ts';
import { located } from './located.ts';

/** Bytes of a ciphertext or plaintext, with 8 bytes for each coefficient and prime. */
export function valueBytes(value: Value, ringDegree: number): number {
  const type = located(value);
  return ciphertextBytes(ringDegree, type.level + 1, type.kind === 'cipher' ? type.size : 1);
}

/**
 * The most that lives at once when the body runs in its order and every value but inputs and results dies at its last use: ciphertexts by number, and the
 * bytes of all values or of ciphertexts alone.
 */
export function peakMemory(
  func: Func,
  ringDegree: number,
  counted: 'all' | 'ciphertexts' = 'all',
): { peakCiphertexts: number; peakBytes: number } {
  const uses = new Map<Value, number>();
  for (const value of func.body) for (const o of value.operands) uses.set(o, (uses.get(o) ?? 0) + 1);
  const kept = new Set([...func.params, ...func.results.map((r) => r.value)]);
  const isCipher = (value: Value): boolean => value.type.kind === 'cipher';
  const bytesOf = (value: Value): number => (counted === 'all' || isCipher(value) ? valueBytes(value, ringDegree) : 0);
  let bytes = func.params.reduce((sum, p) => sum + bytesOf(p), 0);
  let ciphertexts = func.params.length;
  let peakBytes = bytes;
  let peakCiphertexts = ciphertexts;
  for (const value of func.body) {
    bytes += bytesOf(value);
    ciphertexts += Number(isCipher(value));
    peakBytes = Math.max(peakBytes, bytes);
    peakCiphertexts = Math.max(peakCiphertexts, ciphertexts);
    for (const o of value.operands) {
      const left = (uses.get(o) ?? 0) - 1;
      uses.set(o, left);
      if (left > 0 || kept.has(o)) continue;
      bytes -= bytesOf(o);
      ciphertexts -= Number(isCipher(o));
    }
  }
  return { peakCiphertexts, peakBytes };
}
