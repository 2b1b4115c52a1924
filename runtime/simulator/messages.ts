import type { Tensor } from '../../ir/tensor.ts';
import type { Simulated } from './simulator.ts';

/** What a worker is started with. */
export interface SimulatorStart {
  readonly modelPath: string;
  readonly seed: number;
  readonly withExact: number;
}

/** Simulate these images; the first has the number `first`. */
export interface SimulateRequest {
  readonly first: number;
  readonly batch: readonly (readonly Tensor[])[];
}

/** What the simulation gave for an image, with the outputs without noise where they were asked for and every value fits. */
export type SimulatedImage = Simulated & { readonly exact?: readonly Tensor[] };

/** Worker to caller, beside `Failed`. */
export type SimulateReply =
  { readonly kind: 'ready' } | { readonly kind: 'results'; readonly results: readonly SimulatedImage[] };
