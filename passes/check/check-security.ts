import { isSparseSecure, maxModulusBits, modulusBits, sparseModulusBits } from '../../ir/ckks/parameters.ts';
import { diagnostic, type Diagnostic } from '../../ir/diagnostics.ts';
import type { Module } from '../../ir/module.ts';

/**
 * Recomputes the security of the parameters: log2(QP), special primes included, against the table for 128 bits, and whether the parameters say
 * the truth about themselves; likewise the modulus of the key to the sparse secret, where there is one. FHE0601 for each breach. With `insecureForTests`, parameters that admit to be insecure pass.
 */
export function checkSecurity(module: Module, options: { readonly insecureForTests?: boolean } = {}): Diagnostic[] {
  const { parameters } = module;
  if (!parameters) return [diagnostic('FHE0601', 'the module states no parameters')];
  const { ringDegree, secure } = parameters;
  if (options.insecureForTests && !secure) return [];
  const note = secure ? ['the parameters claim to be secure'] : ['only --insecure-for-tests allows this'];
  const found = (message: string): Diagnostic => diagnostic('FHE0601', message, undefined, note);
  const bits = modulusBits(parameters);
  const limit = maxModulusBits.get(ringDegree) ?? 0;
  // The sum of logarithms is rounded; the limit is a whole number of bits.
  const dense =
    bits <= limit + 1e-9
      ? []
      : [found(`${bits.toFixed(1)} bits of modulus at N = ${ringDegree}; 128-bit security allows ${limit}`)];
  const switches = module.funcs.some((f) => f.body.some((v) => v.op === 'ckks.switch_key'));
  if (!switches || isSparseSecure(parameters)) return dense;
  const sparseBits = sparseModulusBits(parameters).toFixed(1);
  return [...dense, found(`${sparseBits} bits of modulus are too many for a sparse secret at N = ${ringDegree}`)];
}
