import type { Code } from '../../ir/codes.ts';
import { FhecError } from '../../ir/diagnostics.ts';

/** What says that no parameters, or none tried so far, hold a network: another chain, a larger ring or bootstraps may. */
const tooDeepOrInexact: ReadonlySet<Code> = new Set<Code>(['FHE0602', 'FHE0603', 'FHE0803']);

/** Whether a choice was refused since nothing holds the network. */
export const isTooDeepOrInexact = (error: unknown): error is FhecError =>
  error instanceof FhecError && tooDeepOrInexact.has(error.diagnostics[0].code);

/** The same, or that all that holds it loses or takes more than the limits allow. */
export const isOutOfReach = (error: unknown): error is FhecError =>
  isTooDeepOrInexact(error) || (error instanceof FhecError && error.diagnostics[0].code === 'FHE0403');
