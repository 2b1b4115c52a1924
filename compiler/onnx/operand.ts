import { isTensorAttr } from '../../ir/define.ts';
import type { Value } from '../../ir/module.ts';
import type { Tensor } from '../../ir/tensor.ts';
import type { ElementKind } from './elements.ts';

/** A value of the graph while it is imported. */
export interface Operand {
  readonly value: Value;
  readonly kind: ElementKind;
}

export const shapeOf = ({ value }: Operand): readonly number[] =>
  value.type.kind === 'tensor' ? value.type.shape : [];

/** The tensor of an operand that does not depend on the inputs of the network. */
export function constantOf({ value }: Operand): Tensor | undefined {
  const attr = value.op === 'nn.constant' ? value.attrs['value'] : undefined;
  return attr !== undefined && isTensorAttr(attr) ? attr : undefined;
}
