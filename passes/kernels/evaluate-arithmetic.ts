import {
  addVectors,
  complexTensor,
  conjugateVector,
  mulByMonomial,
  mulVectors,
  negateVector,
  rotateVector,
  subVectors,
} from '../../ir/complex.ts';
import { tensor, type Tensor } from '../../ir/tensor.ts';
import type { Arithmetic } from './arithmetic.ts';

/** Runs kernels on plain vectors of `slots` doubles, or complex ones where the kernel makes them (ir/complex.ts). */
export function evaluateArithmetic(slots: number): Arithmetic<Tensor> {
  const publicTensor = (vector: Float64Array): Tensor => tensor([vector.length], vector);
  return {
    slots,
    add: addVectors,
    sub: subVectors,
    mul: mulVectors,
    mulPlain: (a, v, imaginary) => mulVectors(a, imaginary ? complexTensor(v, imaginary) : publicTensor(v)),
    addPlain: (a, v) => addVectors(a, publicTensor(v)),
    rotate: rotateVector,
    negate: negateVector,
    conjugate: conjugateVector,
    mulMonomial: mulByMonomial,
  };
}
