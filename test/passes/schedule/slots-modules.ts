import fc from 'fast-check';
import { Builder } from '../../../ir/builder.ts';
import type { NetworkInterface } from '../../../ir/interface.ts';
import { rowMajorLayout } from '../../../ir/layout.ts';
import { paramName, type Func, type Module, type Value } from '../../../ir/module.ts';
import * as slots from '../../../ir/slots/ops.ts';
import { tensor, type Tensor } from '../../../ir/tensor.ts';
import { packedType } from '../../../ir/types.ts';
import type { Loc } from '../../../ir/diagnostics.ts';

/** Short names for the ops of the slots level, for networks written by hand. */
export class SlotsWriter {
  readonly builder = new Builder();
  readonly slots: number;
  loc: Loc = { kind: 'onnx', node: 'first', operator: 'Gemm' };

  constructor(slots: number) {
    this.slots = slots;
  }

  param(name: string): Value {
    return this.builder.param(name, packedType(this.slots, rowMajorLayout(this.slots)), this.loc);
  }
  add(a: Value, b: Value): Value {
    return this.builder.create(slots.add, [a, b], {}, this.loc);
  }
  sub(a: Value, b: Value): Value {
    return this.builder.create(slots.sub, [a, b], {}, this.loc);
  }
  mul(a: Value, b: Value): Value {
    return this.builder.create(slots.mul, [a, b], {}, this.loc);
  }
  negate(a: Value): Value {
    return this.builder.create(slots.negate, [a], {}, this.loc);
  }
  addPlain(a: Value, ...vector: number[]): Value {
    return this.builder.create(slots.addPlain, [a], { vector: tensor([vector.length], vector) }, this.loc);
  }
  mulPlain(a: Value, ...vector: number[]): Value {
    return this.builder.create(slots.mulPlain, [a], { vector: tensor([vector.length], vector) }, this.loc);
  }
  rotate(a: Value, steps: number): Value {
    return this.builder.create(slots.rotate, [a], { steps }, this.loc);
  }
  pack(a: Value): Value {
    const layout = `${this.slots}: ${this.slots}@1`;
    return this.builder.create(slots.pack, [a], { layout }, this.loc);
  }

  /** A module whose ports are named in order of first appearance; results are packed. */
  module(...results: Value[]): Module {
    const named = results.map((value, i) => ({ name: `out${i}/0`, value: this.pack(value) }));
    const func = this.builder.finish('main', named);
    return { level: 'slots', interface: interfaceOf(func, this.slots), funcs: [func] };
  }
}

function interfaceOf(func: Func, size: number): NetworkInterface {
  const port = (name: string) => ({ name: name.replace(/\/0$/, ''), shape: [1, size], factor: [1] });
  return {
    inputs: func.params.map((p) => port(paramName(p))),
    outputs: func.results.map((r) => port(r.name)),
    clientSteps: [],
  };
}

/** Deterministic inputs in [-1, 1]. */
export function inputsFor(func: Func, slotsCount: number): Tensor[] {
  return func.params.map((_, p) =>
    tensor(
      [slotsCount],
      Float64Array.from({ length: slotsCount }, (_, i) => Math.sin(1 + 3 * i + 7 * p)),
    ),
  );
}

interface Step {
  readonly op: number;
  readonly a: number;
  readonly b: number;
  readonly n: number;
}

const depthLimit = 6;

/** Random straight-line slots modules of 8 slots, at most six multiplications deep, with shared values and two inputs. */
export const slotsModules: fc.Arbitrary<Module> = fc
  .tuple(
    fc.array(fc.record<Step>({ op: fc.nat(9), a: fc.nat(1000), b: fc.nat(1000), n: fc.integer({ min: 1, max: 7 }) }), {
      minLength: 1,
      maxLength: 40,
    }),
    fc.integer({ min: 1, max: 3 }),
  )
  .map(([steps, outputs]) => {
    const w = new SlotsWriter(8);
    const values = [w.param('x/0'), w.param('y/0')];
    const depths = new Map<Value, number>(values.map((v) => [v, 0]));
    const recent = (k: number): Value => values[values.length - 1 - (k % Math.min(values.length, 6))];
    steps.forEach(({ op, a, b, n }, i) => {
      w.loc = { kind: 'onnx', node: `node${i}`, operator: 'Gemm' };
      const x = recent(a);
      const y = recent(b);
      const depth = Math.max(depths.get(x) ?? 0, depths.get(y) ?? 0);
      const vector = n % 2 === 0 ? [n / 8] : Array.from({ length: 8 }, (_, k) => (k - n) / 8);
      const deep = depth >= depthLimit;
      const make: readonly (() => Value)[] = [
        () => (deep ? w.sub(x, y) : w.mul(x, y)),
        () => (deep ? w.negate(x) : w.mulPlain(x, ...vector)),
        () => (deep ? w.rotate(x, n) : w.mulPlain(x, ...vector)),
        () => w.rotate(x, n),
        () => w.add(x, y),
        () => w.add(x, y),
        () => w.sub(x, y),
        () => w.negate(x),
        () => w.addPlain(x, ...vector),
        () => w.pack(x),
      ];
      const value = make[op]();
      values.push(value);
      depths.set(value, depth + (op <= 2 && !deep ? 1 : 0));
    });
    return w.module(...values.slice(-outputs));
  });
