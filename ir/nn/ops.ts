import type { OpDefinition } from '../define.ts';
import { activations } from './activations.ts';
import { clientOps } from './client.ts';
import { convolutionOps } from './convolution.ts';
import { elementwiseOps } from './elementwise.ts';
import { linear } from './linear.ts';
import { matmulOps } from './matmul.ts';
import { paddingOps } from './padding.ts';
import { polynomial } from './polynomial.ts';
import { poolingOps } from './pooling.ts';
import { reductionOps } from './reduction.ts';
import { refresh } from './refresh.ts';
import { shapeOps } from './shape.ts';

/** Every op of the nn level. */
export const nnOps: readonly OpDefinition[] = [
  ...elementwiseOps,
  ...convolutionOps,
  ...matmulOps,
  ...poolingOps,
  ...reductionOps,
  ...shapeOps,
  ...paddingOps,
  ...clientOps,
  linear,
  polynomial,
  refresh,
  ...activations.map((a) => a.op),
];
