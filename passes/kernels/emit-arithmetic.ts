import type { Builder } from '../../ir/builder.ts';
import { complexTensor } from '../../ir/complex.ts';
import type { Loc } from '../../ir/diagnostics.ts';
import type { Value } from '../../ir/module.ts';
import { add, addPlain, conjugate, mul, mulMonomial, mulPlain, negate, rotate, sub } from '../../ir/slots/ops.ts';
import { tensor } from '../../ir/tensor.ts';
import type { Arithmetic } from './arithmetic.ts';

/** Writes kernels as ops of the slots level, all with the location `loc`. */
export function emitArithmetic(builder: Builder, slots: number, loc: Loc): Arithmetic<Value> {
  const vectorAttr = (vector: Float64Array, imaginary?: Float64Array) => ({
    vector: imaginary ? complexTensor(vector, imaginary) : tensor([vector.length], vector),
  });
  return {
    slots,
    add: (a, b) => builder.create(add, [a, b], {}, loc),
    sub: (a, b) => builder.create(sub, [a, b], {}, loc),
    mul: (a, b) => builder.create(mul, [a, b], {}, loc),
    mulPlain: (a, vector, imaginary) => builder.create(mulPlain, [a], vectorAttr(vector, imaginary), loc),
    addPlain: (a, vector) => builder.create(addPlain, [a], vectorAttr(vector), loc),
    rotate: (a, steps) => builder.create(rotate, [a], { steps }, loc),
    negate: (a) => builder.create(negate, [a], {}, loc),
    conjugate: (a) => builder.create(conjugate, [a], {}, loc),
    mulMonomial: (a, power) => builder.create(mulMonomial, [a], { power }, loc),
  };
}
