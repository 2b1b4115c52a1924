import { approximateActivationsPass } from './approximate/approximate-activations.ts';
import type { Pass } from './define-pass.ts';
import { lowerNnToSlotsPass } from './lower-nn-to-slots/lower-nn-to-slots.ts';
import { orderForMemoryPass } from './ckks/order-for-memory.ts';
import { shareEqualValuesPass } from './ckks/share-equal-values.ts';
import { composeLinear } from './nn/compose-linear.ts';
import { expandMaxPool } from './nn/expand-max-pool.ts';
import { fuseActivations } from './nn/fuse-activations.ts';
import { linearize } from './nn/linearize.ts';
import { schedule } from './schedule/schedule.ts';
import { canonicaliseSlotsPass } from './slots/canonicalise-slots.ts';
import { chainRotationsPass } from './slots/chain-rotations.ts';
import { commonSubexpressionsPass } from './slots/common-subexpressions.ts';

/** Every pass that `fhec opt` can run, in the order of the compiler: the list is explicit, and a test holds it against the folder. */
export const passes: readonly Pass[] = [
  fuseActivations,
  expandMaxPool,
  linearize,
  composeLinear,
  approximateActivationsPass,
  lowerNnToSlotsPass,
  canonicaliseSlotsPass,
  commonSubexpressionsPass,
  chainRotationsPass,
  schedule,
  shareEqualValuesPass,
  orderForMemoryPass,
];

const byName: ReadonlyMap<string, Pass> = new Map(passes.map((p) => [p.name, p]));

export const findPass = (name: string): Pass | undefined => byName.get(name);
