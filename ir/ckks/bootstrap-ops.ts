import { defineOp, type OpDefinition } from '../define.ts';
import { cipherType, type CipherType, type Type } from '../types.ts';
import { conjugateVector, mulByMonomial, realPart } from '../complex.ts';
import { topLevel } from './parameters.ts';
import { secretName } from './secret.ts';

/** The operand where it is a ciphertext of size 2, at this level when one is given; else the reason why not. */
function sizeTwo(x: Type, level?: number): CipherType | string {
  if (x.kind !== 'cipher' || x.size !== 2) return 'operand must be a ciphertext of size 2';
  return level === undefined || x.level === level ? x : `operand must be at level ${level}`;
}

export const conjugate = defineOp({
  name: 'ckks.conjugate',
  doc: 'Complex conjugate of every slot (one key switch with the Galois key of the element 2N - 1).',
  operands: ['x'],
  attrs: {},
  traits: [],
  infer: ([x]) => sizeTwo(x),
  eval: ([x]) => conjugateVector(x),
});

export const mulI = defineOp({
  name: 'ckks.mul_i',
  doc: 'Product with the monomial X^(N/2): the imaginary unit i in the slots of even number, -i in those of odd number. Exact, no level, no scale, no key.',
  operands: ['x'],
  attrs: {},
  traits: [],
  infer: ([x]) => (x.kind === 'cipher' ? x : 'operand must be a ciphertext'),
  eval: ([x]) => mulByMonomial(x, realPart(x).length),
});

export const modRaise = defineOp({
  name: 'ckks.mod_raise',
  doc: 'Raises a ciphertext from level 0 to a level; the scale stays. The coefficients modulo the base prime q, centred, are lifted to all primes: the message gains a multiple of q in every coefficient, which bootstrapping takes away. On exact values the identity.',
  operands: ['x'],
  attrs: { level: 'int' },
  traits: [],
  infer: ([x], { level }, { parameters }) => {
    if (!parameters) return 'the module states no parameters';
    const operand = sizeTwo(x, 0);
    if (typeof operand === 'string') return operand;
    const top = topLevel(parameters);
    return level > 0 && level <= top
      ? cipherType(level, operand.scale)
      : `level ${level} must lie between 1 and ${top}`;
  },
  eval: ([x]) => x,
});

export const switchKey = defineOp({
  name: 'ckks.switch_key',
  doc: 'Switches to the ephemeral sparse secret at level 0 (`to = "sparse"`, right before mod_raise), or back to the dense one at the top level (`to = "dense"`, right after it). On values the identity.',
  operands: ['x'],
  attrs: { to: 'string' },
  traits: [],
  infer: ([x], { to }, { parameters }) => {
    if (!parameters) return 'the module states no parameters';
    const secret = secretName(to);
    if (!secret) return `'${to}' is neither 'sparse' nor 'dense'`;
    return sizeTwo(x, secret === 'sparse' ? 0 : topLevel(parameters));
  },
  eval: ([x]) => x,
});

export const bootstrapOps: readonly OpDefinition[] = [conjugate, mulI, modRaise, switchKey];
