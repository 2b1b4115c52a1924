import { isTensorAttr } from '../../ir/define.ts';
import { derivedLoc } from '../../ir/diagnostics.ts';
import type { Module, Value } from '../../ir/module.ts';
import { rewriteModule } from '../../ir/rewrite.ts';
import { addPlain, mulPlain, negate, rotate } from '../../ir/slots/ops.ts';
import { definePass } from '../define-pass.ts';

const isConstant = (op: Value, number: number): boolean => {
  const vector = op.attrs['vector'];
  return vector !== undefined && isTensorAttr(vector) && vector.data.every((v) => v === number);
};

const stepsOf = (op: Value): number => {
  const steps = op.attrs['steps'];
  return typeof steps === 'number' ? steps : 0;
};

/** Removes ops that change nothing, and joins rotations of rotations. */
export function canonicaliseSlots(module: Module): Module {
  return rewriteModule(module, (op, { builder, mapped }) => {
    if (op.operands.length !== 1) return undefined;
    const x = mapped(op.operands[0]);
    switch (op.op) {
      case rotate.name: {
        if (x.op !== rotate.name || x.type.kind !== 'packed') return undefined;
        const steps = (stepsOf(x) + stepsOf(op)) % x.type.slots;
        const loc = derivedLoc('canonicalise-slots', x.loc, op.loc);
        return steps === 0 ? x.operands[0] : builder.create(rotate, [x.operands[0]], { steps }, loc);
      }
      case mulPlain.name:
        return isConstant(op, 1) ? x : undefined;
      case addPlain.name:
        return isConstant(op, 0) ? x : undefined;
      case negate.name:
        return x.op === negate.name ? x.operands[0] : undefined;
      default:
        return undefined;
    }
  });
}

export const canonicaliseSlotsPass = definePass({
  name: 'canonicalise-slots',
  summary:
    'Joins rotations of rotations and removes ops that change nothing; run it before chain-rotations, not after.',
  assumes: [],
  from: 'slots',
  to: 'slots',
  options: {},
  run: (module) => canonicaliseSlots(module),
});
