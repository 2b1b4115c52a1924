import { add, mul } from '../../../ir/nn/elementwise.ts';
import { batchNorm, matmul } from '../../../ir/nn/matmul.ts';
import { transpose } from '../../../ir/nn/shape.ts';
import { scalar } from '../../../ir/tensor.ts';
import type { ImporterTable, OnnxNode } from '../node.ts';
import { shapeOf, type Operand } from '../operand.ts';

const scaled = (node: OnnxNode, x: Operand, factor: number): Operand =>
  factor === 1 ? x : node.emit(mul, [x, node.constant(scalar(factor), 'float')]);

/** alpha * A' * B' + beta * C, as products and sums. */
function gemm(node: OnnxNode): Operand {
  const side = (i: number, name: string): Operand => {
    const x = node.input(i);
    if (shapeOf(x).length !== 2) node.malformed(`input ${i} must be a matrix`);
    return node.attributes.bool(name, false) ? node.emit(transpose, [x], { perm: [1, 0] }) : x;
  };
  const bias = node.optional(2);
  node.attributes.ignore('broadcast'); // Opset 6: C broadcasts by the rules of later opsets where it is set, and fits where it is not.
  const [alpha, beta] = [node.attributes.float('alpha', 1), node.attributes.float('beta', 1)];
  const product = scaled(node, node.emit(matmul, [side(0, 'transA'), side(1, 'transB')]), alpha);
  return bias && beta !== 0 ? node.emit(add, [product, scaled(node, bias, beta)]) : product;
}

/** Batch normalisation in inference; in training it would use the statistics of the batch, which one encrypted input does not have. */
function batchNormalization(node: OnnxNode): Operand {
  const operands = [0, 1, 2, 3, 4].map((i) => node.input(i));
  const attributes = node.attributes;
  const training =
    node.opset >= 14
      ? attributes.bool('training_mode', false)
      : node.outputs.slice(1).some((o) => o !== '') || (node.opset < 7 && !attributes.bool('is_test', false));
  if (training)
    node.refuse('the node is in training mode; export the model in inference mode (model.eval() in PyTorch)');
  if (node.opset < 9 && !attributes.bool('spatial', true)) node.refuse('spatial = 0 normalises each element by itself');
  attributes.ignore('momentum');
  return node.emit(batchNorm, operands, { epsilon: attributes.float('epsilon', 1e-5) });
}

export const matmulImporters: ImporterTable = {
  MatMul: (node) => node.emit(matmul, [node.input(0), node.input(1)]),
  Gemm: gemm,
  BatchNormalization: batchNormalization,
};
