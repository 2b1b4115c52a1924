import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { registry } from '../../ir/registry.ts';
import { rules } from '../../ir/spec-rules.ts';
import { levelSpec, nnSpec, specs } from '../../ir/spec.ts';
import { packedType, tensorType } from '../../ir/types.ts';
import { verifyModule } from '../../ir/verify.ts';
import { unknownLoc } from '../../ir/diagnostics.ts';
import type { Module, Value } from '../../ir/module.ts';

const idsOf = (text: string): string[] => [...new Set(text.match(/\b[VS]\d\d\b/g))].sort();

test('every invariant of the verifier has a file test that breaks it, and every such test an invariant', () => {
  const structure = readFileSync('ir/verify.ts', 'utf8').match(/^ \* {3}V\d\d /gm) ?? [];
  const ids = idsOf([...structure, 'S01 S02', ...rules.map((r) => r.id)].join(' '));
  const tested = readdirSync('test/ir/verify').filter((name) => name.endsWith('.fir'));
  expect(idsOf(tested.map((name) => name.slice(0, 3)).join(' '))).toEqual(ids);
  for (const name of tested)
    expect(readFileSync(`test/ir/verify/${name}`, 'utf8')).toMatch(/\/\/ error(@[+-]\d+)? FHE/);
});

test('every op is legal at its level, and the specs name only ops that exist', () => {
  for (const { name } of registry.all()) {
    const level = name.split('.')[0];
    expect(specs.some((s) => s.level === level && s.ops.has(name))).toBe(true);
  }
  for (const spec of specs) for (const name of spec.ops) expect(registry.find(name), name).toBeDefined();
});

// What text cannot say, passes may still get wrong.
const param = (name: string): Value => ({
  op: 'param',
  operands: [],
  attrs: { name },
  type: tensorType([2]),
  loc: unknownLoc,
});
const relu = (x: Value): Value => ({ op: 'nn.relu', operands: [x], attrs: {}, type: x.type, loc: unknownLoc });
const x = param('x');
const y = relu(x);
const module = (params: Value[], body: Value[], value: Value): Module => ({
  level: 'nn',
  funcs: [{ name: 'main', params, body, results: [{ name: 'y', value }] }],
});
const codes = (m: Module, spec = nnSpec): string[] => verifyModule(m, spec).map((d) => d.code);

test('modules made by hand are held to the same invariants', () => {
  expect(codes(module([x], [y], y))).toEqual([]);
  expect(codes(module([x], [], y)), 'result that is nowhere defined').toEqual(['FHE0305']);
  expect(codes(module([x], [y, y], y)), 'value twice in the body').toEqual(['FHE0305']);
  expect(codes(module([], [y], y)), 'parameter of another function').toEqual(['FHE0305']);
  expect(codes(module([x, y], [], y)), 'op among the parameters').toContain('FHE0306');
  expect(codes(module([x], [{ ...y, type: tensorType([3]) }], x)), 'type that is not inferred').toEqual(['FHE0303']);
  expect(codes(module([x], [{ ...y, type: { kind: 'error' } }], x)), 'poison that a pass left').toEqual(['FHE0303']);
  expect(codes(module([{ ...x, type: packedType(4) }], [], x))).toContain('FHE0303');
  expect(codes(module([x], [y], y), levelSpec('slots')), 'another level').toEqual(['FHE0304']);
});

test('a malformed matrix is found', () => {
  const matrix = {
    rows: 2,
    columns: 2,
    start: Int32Array.of(0, 2, 2),
    column: Int32Array.of(1, 0),
    value: Float64Array.of(1, 1),
  };
  const attrs = { matrices: [matrix], bias: { shape: [2], data: new Float64Array(2) }, shape: [2] };
  const linear: Value = { op: 'nn.linear', operands: [x], attrs, type: x.type, loc: unknownLoc };
  expect(codes(module([x], [linear], linear))).toEqual(['FHE0302']);
});
