import {
  bootstrapDefaults,
  planBootstrap,
  type BootstrapRequest,
  type PlannedBootstrap,
} from '../../passes/kernels/bootstrap/plan.ts';

/** A bootstrap of a toy ring of 512 slots whose polynomials err less than its noise, with keys that SEAL has too: for comparisons of back ends. */
export const toyBootstrap = (changes: Partial<BootstrapRequest> = {}): PlannedBootstrap =>
  planBootstrap({
    ...bootstrapDefaults,
    ringDegree: 1024,
    slots: 512,
    sineBits: 34,
    ratioBits: 12,
    arcsine: 3,
    scaleBits: 34,
    userLevels: 1,
    highBits: 48,
    specialPrimes: 1,
    specialBits: 58,
    ...changes,
  });
