import type { Layout } from './layout.ts';

/** A tensor that crosses between client and server. */
export interface Port {
  readonly name: string;
  /** With the batch dimension (1). */
  readonly shape: readonly number[];
  /**
   * Inputs: the client multiplies each element by this before it encrypts. Outputs: by this after it decrypts.
   * One number, or one for each element. Static scales at the ends of the network are folded here.
   */
  readonly factor: readonly number[];
  /** How the elements are packed into slots. Stated from the ckks level on; at slots the types say it. */
  readonly layout?: Layout;
}

/** A step that the network ends with and that the client computes after decryption. */
export interface ClientStep {
  readonly kind: 'softmax' | 'argmax';
  readonly axis: number;
  /** The ONNX node that it stands for. */
  readonly node: string;
}

/** What the client sees of a network, at every level. Input i is parameter i of `main`, output i its result i (nn level). */
export interface NetworkInterface {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly clientSteps: readonly ClientStep[];
}
