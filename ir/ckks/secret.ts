/**
 * Sparse-secret encapsulation (Bossuat, Troncoso-Pastoriza, Hubaux, ACNS 2022, "Bootstrapping for approximate homomorphic encryption with
 * negligible failure probability by using sparse-secret encapsulation", section 4): just before its modulus is raised a ciphertext is
 * switched to a sparse secret, which keeps the multiples of the base prime small, and right after it back to the dense one.
 */
export type SecretName = 'sparse' | 'dense';

/** The secret that a ciphertext is under, and, for the sparse one, whether its modulus was raised already. */
export type SecretState = 'dense' | 'sparse' | 'raised';

/** Hamming weight of the ephemeral sparse secret: that of the paper, at which the sine needs to be right on 16 periods on each side only. */
export const defaultSparseWeight = 32;

/** What `ckks.switch_key` switches to, or undefined for anything else. */
export const secretName = (text: unknown): SecretName | undefined =>
  text === 'sparse' || text === 'dense' ? text : undefined;

/**
 * The secret of the result of an op on ciphertexts under `operands`, or the reason why it must not run. Under the sparse secret nothing but
 * the raise is computed: its modulus is small, and its key is meant for one use. `op` without its level: `mod_raise`; `to`: what
 * `switch_key` switches to.
 */
export function secretAfter(
  op: string,
  to: SecretName | undefined,
  operands: readonly SecretState[],
): { readonly state: SecretState } | string {
  const [first] = operands;
  if (op === 'switch_key' && to === 'sparse')
    return first === 'dense' ? { state: 'sparse' } : 'the operand is under the sparse secret already';
  if (op === 'switch_key')
    return first === 'raised' ? { state: 'dense' } : 'the operand is no raised ciphertext under the sparse secret';
  if (op === 'mod_raise' && first === 'sparse') return { state: 'raised' };
  if (operands.every((s) => s === 'dense')) return { state: 'dense' };
  return operands.includes('raised')
    ? 'a raised ciphertext under the sparse secret must be switched to the dense one first'
    : 'a ciphertext under the sparse secret takes mod_raise only';
}
