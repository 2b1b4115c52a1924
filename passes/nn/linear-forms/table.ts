import { concat, expand, gather, reshape, slice, transpose } from '../../../ir/nn/shape.ts';
import { pad } from '../../../ir/nn/padding.ts';
import { contractionForms } from './contraction.ts';
import { elementwiseForms } from './elementwise.ts';
import type { LinearFormOf } from './form.ts';
import { movementForm } from './movement.ts';
import { windowForms } from './window.ts';

const movements = [reshape, transpose, concat, slice, gather, expand, pad];

/** The linear ops of ONNX networks and how each becomes matrices. */
export const linearForms: ReadonlyMap<string, LinearFormOf> = new Map([
  ...movements.map((definition) => [definition.name, movementForm] as const),
  ...elementwiseForms,
  ...contractionForms,
  ...windowForms,
]);
