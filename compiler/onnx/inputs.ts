import type { onnx } from 'onnx-proto';
import { fail, type Loc } from '../../ir/diagnostics.ts';
import { elementType, type ElementKind } from './elements.ts';
import { toNumber } from './numbers.ts';
import { checkedShape } from './tensors.ts';

/** The declared type of an input of the graph. */
export interface InputType {
  readonly shape: readonly number[];
  readonly kind: ElementKind;
}

/**
 * The type of a graph input. A symbolic or missing first dimension is the batch and becomes 1. Throws FHE0206 for other dynamic
 * dimensions, FHE0203 for inputs that are no numeric tensors.
 */
export function inputType(input: onnx.IValueInfoProto, loc: Loc): InputType {
  const name = input.name ?? '';
  const type = input.type?.tensorType;
  if (!type) return fail('FHE0203', `input '${name}' is not a tensor`, loc);
  const element = elementType(type.elemType);
  if (!element)
    return fail(
      'FHE0203',
      `input '${name}' has element type ${type.elemType ?? 0}, which has no real values here`,
      loc,
    );
  if (!type.shape) return fail('FHE0206', `input '${name}' declares no shape`, loc);
  const shape = (type.shape.dim ?? []).map((d, i) => {
    // A dimension of the value 0 cannot be told from one that is left out, by its presence alone.
    const known = d.dimValue !== undefined && d.dimValue !== null && Object.hasOwn(d, 'dimValue');
    if (known) return toNumber(d.dimValue);
    return i === 0
      ? 1
      : fail('FHE0206', `dimension ${i} of input '${name}' is ${d.dimParam ? `'${d.dimParam}'` : 'not given'}`, loc);
  });
  return { shape: checkedShape(shape, `input '${name}'`, loc), kind: element.kind };
}
