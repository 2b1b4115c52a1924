import type { OnnxNode } from '../node.ts';

/** Strides, dilations and pads of a convolution or pool as ONNX writes them, `auto_pad` resolved. */
export interface SlidingAttributes {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
}

const ones = (count: number): number[] => new Array<number>(count).fill(1);

/** Total padding split in two halves; the odd one goes to the end (SAME_UPPER) or to the beginning (SAME_LOWER). */
export function splitPads(totals: readonly number[], upper: boolean): number[] {
  const begins = totals.map((t) => (upper ? Math.floor(t / 2) : Math.ceil(t / 2)));
  return [...begins, ...totals.map((t, d) => t - begins[d])];
}

/**
 * Reads strides, dilations, pads and auto_pad. `samePadding` gives the total padding of dimension d that auto_pad SAME_* asks for, from
 * its stride and the reach of the kernel, (kernel - 1) * dilation + 1.
 */
export function slidingAttributes(
  node: OnnxNode,
  kernel: readonly number[],
  samePadding: (d: number, stride: number, reach: number) => number,
): SlidingAttributes {
  const rank = kernel.length;
  const listOf = (name: string, absent: readonly number[]): readonly number[] => {
    const list = node.attributes.ints(name, absent);
    return list.length === absent.length ? list : node.malformed(`'${name}' must have ${absent.length} numbers`);
  };
  const strides = listOf('strides', ones(rank));
  const dilations = listOf('dilations', ones(rank));
  const explicit = listOf('pads', new Array<number>(2 * rank).fill(0));
  if ([...strides, ...dilations].some((v) => v < 1)) node.malformed('strides and dilations must be 1 or more');
  const mode = node.attributes.string('auto_pad', 'NOTSET');
  if (mode === 'NOTSET') return { strides, dilations, pads: explicit };
  if (explicit.some((p) => p !== 0)) node.malformed(`pads and auto_pad = '${mode}' exclude each other`);
  if (mode === 'VALID') return { strides, dilations, pads: explicit };
  if (mode !== 'SAME_UPPER' && mode !== 'SAME_LOWER') node.malformed(`auto_pad = '${mode}' is unknown`);
  const totals = kernel.map((k, d) => samePadding(d, strides[d], (k - 1) * dilations[d] + 1));
  return { strides, dilations, pads: splitPads(totals, mode === 'SAME_UPPER') };
}

/** SAME padding of windows that read `input`: as many outputs as strides fit, ceil(size / stride). */
export const samePaddingOf =
  (input: readonly number[]) =>
  (d: number, stride: number, reach: number): number =>
    Math.max(0, (Math.ceil(input[d] / stride) - 1) * stride + reach - input[d]);
