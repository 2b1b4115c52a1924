import { defineOp, type AttrSpecs, type AttrsOf, type OpDefinition, type Trait } from '../define.ts';
import { InternalError } from '../diagnostics.ts';
import { elementCount, type Tensor } from '../tensor.ts';
import { tensorType } from '../types.ts';

export type Shape = readonly number[];

interface NnOpDefinition<S extends AttrSpecs> {
  readonly name: `nn.${string}`;
  readonly doc: string;
  readonly operands: readonly string[];
  readonly attrs: S;
  readonly traits?: readonly Trait[];
  /** The result shape from the operand shapes, or the reason why there is none. */
  readonly shape: (operands: readonly Shape[], attrs: AttrsOf<S>) => Shape | string;
  readonly eval: (operands: readonly Tensor[], attrs: AttrsOf<S>) => Tensor;
}

/** {@link defineOp} for tensors: the type of the result is its shape. */
export function defineNnOp<const S extends AttrSpecs>(definition: NnOpDefinition<S>): OpDefinition {
  const { shape, traits = [], ...rest } = definition;
  return defineOp({
    ...rest,
    traits,
    infer: (types, attrs) => {
      const shapes: Shape[] = [];
      for (const type of types) {
        if (type.kind !== 'tensor') return 'operands must be tensors';
        shapes.push(type.shape);
      }
      const result = shape(shapes, attrs);
      return typeof result === 'string' ? result : tensorType(result);
    },
  });
}

/** Channels of a tensor: dimension 1 of a tensor [N, C, ...], else 1. */
export const channelCount = (shape: Shape): number => (shape.length >= 2 ? shape[1] : 1);

/** The channel of each element of a tensor [N, C, ...] by flat index. */
export function channelOf(shape: Shape): (flat: number) => number {
  if (shape.length < 2) return () => 0;
  const inner = elementCount(shape.slice(2));
  const channels = shape[1];
  return (flat) => Math.floor(flat / inner) % channels;
}

/** The shape that an op infers, for its `eval`, which only checked operands reach. */
export function inferred(shape: Shape | string): Shape {
  if (typeof shape === 'string') throw new InternalError(shape);
  return shape;
}
