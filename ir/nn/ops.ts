import type { OpDefinition } from '../define.ts';
import { activations } from './activations.ts';
import { linear } from './linear.ts';
import { polynomial } from './polynomial.ts';

/** Every op of the nn level. */
export const nnOps: readonly OpDefinition[] = [linear, polynomial, ...activations.map((a) => a.op)];
