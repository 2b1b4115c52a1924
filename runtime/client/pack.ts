import { fail } from '../../ir/diagnostics.ts';
import { copyOffsets, layoutSlots } from '../../ir/layout.ts';
import type { TensorSignature } from '../../ir/program/program.ts';
import { tensor, type Tensor } from '../../ir/tensor.ts';

const factorAt = (signature: TensorSignature, i: number): number =>
  signature.factor[signature.factor.length === 1 ? 0 : i];

/**
 * Packs a tensor into vectors of `slots` numbers by its layout, copies included, times the factor of the signature; unused slots
 * are 0. Errors: FHE0903 for a wrong number of elements or a number that is not finite.
 */
export function packTensor(signature: TensorSignature, input: Tensor, slots: number): Float64Array[] {
  const { layout, name } = signature;
  if (input.data.length !== layout.size) {
    fail(
      'FHE0903',
      `input '${name}' has ${input.data.length} elements; the model takes [${signature.shape.join(', ')}]`,
    );
  }
  const vectors = signature.registers.map(() => new Float64Array(slots));
  const offsets = copyOffsets(layout);
  layoutSlots(layout).forEach((slot, i) => {
    const value = input.data[i] * factorAt(signature, i);
    if (!Number.isFinite(value)) fail('FHE0903', `element ${i} of input '${name}' is not a finite number`);
    for (const offset of offsets) {
      const at = slot + offset;
      const vector = vectors[Math.floor(at / slots) % vectors.length];
      vector[at % slots] = value;
    }
  });
  return vectors;
}

/** Takes a tensor out of its vectors, times the factor of the signature. */
export function unpackTensor(signature: TensorSignature, vectors: readonly Float64Array[]): Tensor {
  const data = new Float64Array(signature.layout.size);
  layoutSlots(signature.layout).forEach((slot, i) => {
    const vector = vectors[Math.floor(slot / vectors[0].length)];
    data[i] = vector[slot % vector.length] * factorAt(signature, i);
  });
  return tensor(signature.shape, data);
}
