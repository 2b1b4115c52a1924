import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { disassembleProgram } from '../../../compiler/emit/disassemble-program.ts';
import { emitProgram } from '../../../compiler/emit/emit-program.ts';
import { ckksSpec } from '../../../ir/spec.ts';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import { verifyModule } from '../../../ir/verify.ts';
import { scheduleSlots } from '../../../passes/schedule/schedule.ts';
import { inputsFor, slotsModules, SlotsWriter } from '../../passes/schedule/slots-modules.ts';

const toy = { insecureForTests: true, precisionBits: -100 };

describe('emitProgram', () => {
  test('a program read back and emitted again is the same program', () => {
    fc.assert(
      fc.property(slotsModules, (module) => {
        const scheduled = scheduleSlots(module, toy);
        const program = emitProgram(scheduled, toy);
        const back = disassembleProgram(program);
        expect(verifyModule(back, ckksSpec)).toEqual([]);
        expect(emitProgram(back, toy)).toEqual(program);
        const inputs = inputsFor(scheduled.funcs[0], 8);
        expect(evaluateFunc(back.funcs[0], inputs)).toEqual(evaluateFunc(scheduled.funcs[0], inputs));
      }),
      { numRuns: 200 },
    );
  });

  test('flattens a module op by op, with constants by content, keys and nodes', () => {
    const w = new SlotsWriter(8);
    const x = w.param('image/0');
    const vector = [1, 2, 3, 4, 5, 6, 7, 8];
    const a = w.mulPlain(x, ...vector);
    w.loc = { kind: 'onnx', node: 'second', operator: 'Gemm' };
    const b = w.mulPlain(w.rotate(x, 3), ...vector);
    const c = w.mul(w.rotate(w.add(a, b), 1), x);
    const program = emitProgram(scheduleSlots(w.module(c), toy), toy);
    // x enters at level 2; the sum is rotated before it is rescaled.
    const levels = { relinearization: 1, rotations: [2, 2], conjugation: 0, toDense: 0 };
    expect(program.keys).toEqual({ relinearization: true, rotations: [1, 3], conjugation: false, levels });
    expect([...program.constants].map((v) => [...v])).toEqual([vector, [1]]);
    expect(program.nodes).toEqual(['first', 'second']);
    expect(program.nodeOf).toHaveLength(program.instructions.length);
    expect(program.seconds).toHaveLength(program.instructions.length);
    expect(program.inputs).toMatchObject([{ name: 'image', registers: [0], level: 2 }]);
    expect(program.outputs).toMatchObject([{ name: 'out0', level: 0, scale: program.parameters.scales[0] }]);
    expect(program.inputs[0].layout).toEqual({ size: 8, digits: [{ extent: 8, stride: 1 }], copies: [] });
    expect(program.outputs[0].registers).toEqual([program.instructions.length]);
  });

  test('refuses insecure parameters and planted faults', () => {
    const w = new SlotsWriter(8);
    const module = scheduleSlots(w.module(w.mulPlain(w.param('x/0'), 0.5)), toy);
    expect(() => emitProgram(module)).toThrow('FHE0601');
    const [main] = module.funcs;
    const body = main.body.map((v) => (v.op === 'ckks.encode' ? { ...v, attrs: { ...v.attrs, scale: 2 ** 30 } } : v));
    const relinked = body.map((v) => ({ ...v, operands: v.operands.map((o) => body[main.body.indexOf(o)] ?? o) }));
    const results = [{ name: main.results[0].name, value: relinked.at(-1) ?? main.results[0].value }];
    expect(() => emitProgram({ ...module, funcs: [{ ...main, body: relinked, results }] }, toy)).toThrow('FHE0504');
  });
});
