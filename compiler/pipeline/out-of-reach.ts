import type { Code } from '../../ir/codes.ts';
import { FhecError } from '../../ir/diagnostics.ts';

/** What says that no parameters, or none tried so far, hold a network: another chain, a larger ring or bootstraps may. */
const tooDeepOrInexact: ReadonlySet<Code> = new Set<Code>(['FHE0602', 'FHE0603', 'FHE0803']);

/**
 * These, and what a ring that is too small for its depth may say first: FHE0601 where so few small primes are left that larger ones must do; noise that
 * blows up is FHE0803.
 */
const tooLarge: ReadonlySet<Code> = new Set<Code>([...tooDeepOrInexact, 'FHE0502', 'FHE0601']);

const outOfReach: ReadonlySet<Code> = new Set<Code>([...tooDeepOrInexact, 'FHE0403']);

const says = (error: unknown, codes: ReadonlySet<Code>): error is FhecError =>
  error instanceof FhecError && codes.has(error.diagnostics[0].code);

/** Whether a choice was refused since nothing holds the network. */
export const isTooDeepOrInexact = (error: unknown): error is FhecError => says(error, tooDeepOrInexact);

/** Whether a ring degree was refused that a larger one may make up for. */
export const isTooLargeForRing = (error: unknown): error is FhecError => says(error, tooLarge);

/** Whether it was refused for that, or since all that holds it loses or takes more than the limits allow. */
export const isOutOfReach = (error: unknown): error is FhecError => says(error, outOfReach);
