import { conv, convTranspose } from '../../../ir/nn/convolution.ts';
import type { ImporterTable, OnnxNode } from '../node.ts';
import { shapeOf, type Operand } from '../operand.ts';
import { samePaddingOf, slidingAttributes, splitPads, type SlidingAttributes } from './sliding.ts';

/** x, w and the bias where there is one, with the kernel checked against `kernel_shape`. */
function convolutionOperands(node: OnnxNode): { readonly operands: Operand[]; readonly kernel: readonly number[] } {
  const operands = [node.input(0), node.input(1)];
  const bias = node.optional(2);
  const kernel = shapeOf(operands[1]).slice(2);
  const declared = node.attributes.ints('kernel_shape', kernel);
  if (declared.length !== kernel.length || declared.some((k, d) => k !== kernel[d])) {
    node.malformed(`kernel_shape [${declared.join(', ')}] is not that of the weights, [${kernel.join(', ')}]`);
  }
  if (shapeOf(operands[0]).length !== kernel.length + 2) node.malformed('the ranks of input and weights differ');
  return { operands: bias ? [...operands, bias] : operands, kernel };
}

function convolution(node: OnnxNode): Operand {
  const { operands, kernel } = convolutionOperands(node);
  const input = shapeOf(operands[0]).slice(2);
  const group = node.attributes.int('group', 1);
  return node.emit(conv, operands, { ...slidingAttributes(node, kernel, samePaddingOf(input)), group });
}

/**
 * Pads and output padding for a wanted output size: total = stride * (size - 1) + output_padding + reach - wanted is split as auto_pad says;
 * where it is negative, zeros follow at the end.
 */
function padsForOutput(
  node: OnnxNode,
  wanted: readonly number[],
  natural: readonly number[],
  extra: readonly number[],
): { readonly pads: readonly number[]; readonly output_padding: readonly number[] } {
  if (wanted.length !== natural.length) node.malformed(`'output_shape' must have ${natural.length} numbers`);
  const totals = natural.map((size, d) => size + extra[d] - wanted[d]);
  const upper = node.attributes.string('auto_pad', 'NOTSET') === 'SAME_UPPER';
  return {
    pads: splitPads(
      totals.map((t) => Math.max(0, t)),
      upper,
    ),
    output_padding: extra.map((e, d) => e + Math.max(0, -totals[d])),
  };
}

function transposedConvolution(node: OnnxNode): Operand {
  const { operands, kernel } = convolutionOperands(node);
  const input = shapeOf(operands[0]).slice(2);
  const extra = node.attributes.ints('output_padding', new Array<number>(kernel.length).fill(0));
  if (extra.length !== kernel.length) node.malformed(`'output_padding' must have ${kernel.length} numbers`);
  // SAME asks for size * stride outputs.
  const same = (d: number, stride: number, reach: number): number => Math.max(0, extra[d] + reach - stride);
  const sliding: SlidingAttributes = slidingAttributes(node, kernel, same);
  const { strides, dilations } = sliding;
  const natural = input.map((size, d) => strides[d] * (size - 1) + (kernel[d] - 1) * dilations[d] + 1);
  const mode = node.attributes.string('auto_pad', 'NOTSET');
  const asked = node.attributes.ints('output_shape');
  const wanted =
    asked?.slice(-kernel.length) ?? (mode.startsWith('SAME') ? input.map((s, d) => s * strides[d]) : undefined);
  const padding = wanted ? padsForOutput(node, wanted, natural, extra) : { output_padding: extra };
  const group = node.attributes.int('group', 1);
  return node.emit(convTranspose, operands, { ...sliding, ...padding, group });
}

export const convolutionImporters: ImporterTable = {
  Conv: convolution,
  ConvTranspose: transposedConvolution,
};
