import { describe, expect, test } from 'vitest';
import { Builder } from '../../../ir/builder.ts';
import { conjugate, modRaise, mulI, switchKey } from '../../../ir/ckks/bootstrap-ops.ts';
import type { Attrs } from '../../../ir/define.ts';
import type { Module, Value } from '../../../ir/module.ts';
import { cipherType } from '../../../ir/types.ts';
import { checkLevels } from '../../../passes/check/check-levels.ts';
import { checkModule } from '../../../passes/check/check-module.ts';
import { checkScales } from '../../../passes/check/check-scales.ts';
import { checkSecrets } from '../../../passes/check/check-secrets.ts';
import { checkSecurity } from '../../../passes/check/check-security.ts';
import { scheduleSlots } from '../../../passes/schedule/schedule.ts';
import { SlotsWriter } from '../schedule/slots-modules.ts';

const toy = { insecureForTests: true, precisionBits: -100 };

function sound(): Module {
  const w = new SlotsWriter(8);
  const x = w.param('x/0');
  const y = w.rotate(w.mul(x, x), 1);
  return scheduleSlots(w.module(w.add(w.mul(y, y), w.addPlain(w.mulPlain(x, 0.5), 1))), toy);
}

/** The module with every op rebuilt by `change`, which sees the new operands. */
function changed(module: Module, change: (value: Value, operands: readonly Value[]) => Partial<Value>): Module {
  const [func] = module.funcs;
  const map = new Map<Value, Value>(func.params.map((p) => [p, { ...p, ...change(p, []) }]));
  const of = (v: Value): Value => map.get(v) ?? v;
  for (const value of func.body) {
    const operands = value.operands.map(of);
    map.set(value, { ...value, operands, ...change(value, operands) });
  }
  const results = func.results.map((r) => ({ ...r, value: of(r.value) }));
  return { ...module, funcs: [{ ...func, params: func.params.map(of), body: func.body.map(of), results }] };
}

const attr = (value: Value, attrs: Attrs): Partial<Value> => ({ attrs: { ...value.attrs, ...attrs } });
const codes = (found: readonly { readonly code: string }[]): string[] => [...new Set(found.map((d) => d.code))];

describe('a sound module', () => {
  test('passes', () => {
    expect(() => checkModule(sound(), toy)).not.toThrow();
  });
  test('has every op that the faults below are planted in', () => {
    const ops = new Set(sound().funcs[0].body.map((v) => v.op));
    for (const op of ['encode', 'mod_switch', 'rescale', 'relinearize', 'mul', 'rotate'])
      expect(ops).toContain(`ckks.${op}`);
  });
});

describe('checkLevels finds', () => {
  test.each<[string, (v: Value, operands: readonly Value[]) => Partial<Value>, string]>([
    [
      'an encode at another level',
      (v) => (v.op === 'ckks.encode' ? attr(v, { level: 2 }) : {}),
      'operands are at levels',
    ],
    [
      'a level outside the chain',
      (v) => (v.op === 'param' && v.type.kind === 'cipher' ? { type: { ...v.type, level: 7 } } : {}),
      'outside 0 to 2',
    ],
    ['a mod_switch upward', (v) => (v.op === 'ckks.mod_switch' ? attr(v, { level: 2 }) : {}), 'it goes from level'],
    ['a missing rescale', (v, [x]) => (v.op === 'ckks.rescale' ? x : {}), 'operands are at levels'],
    ['a missing relinearization', (v, [x]) => (v.op === 'ckks.relinearize' ? x : {}), 'not relinearized'],
    [
      'a type that lies',
      (v) => (v.op === 'ckks.add' && v.type.kind === 'cipher' ? { type: { ...v.type, level: 0 } } : {}),
      'does not say level',
    ],
    [
      'a size that lies',
      (v) => (v.op === 'ckks.mul' && v.type.kind === 'cipher' ? { type: { ...v.type, size: 2 } } : {}),
      'size 3',
    ],
  ])('%s', (_, change, message) => {
    const found = checkLevels(changed(sound(), change));
    expect(codes(found)).toEqual(['FHE0503']);
    expect(found.map((d) => d.message).join('\n')).toContain(message);
    expect(found[0].loc).toMatchObject({ kind: 'onnx', node: 'first' });
  });
});

describe('checkScales finds', () => {
  test.each<[string, (v: Value) => Partial<Value>, string]>([
    [
      'an encode at another scale',
      (v) => (v.op === 'ckks.encode' ? attr(v, { scale: 2 ** 20 }) : {}),
      'operands have scales',
    ],
    [
      'a scale slightly off',
      (v) => (v.op === 'ckks.encode' ? attr(v, { scale: Number(v.attrs['scale']) * (1 + 1e-9) }) : {}),
      'operands have scales',
    ],
    [
      'an input that is not canonical',
      (v) => (v.op === 'param' && v.type.kind === 'cipher' ? { type: { ...v.type, scale: 2 ** 39 } } : {}),
      'not the canonical',
    ],
    [
      'a scale above the modulus',
      (v) =>
        v.op === 'ckks.encode' && v.type.kind === 'plain'
          ? { ...attr(v, { scale: 2 ** 200 }), type: { ...v.type, scale: 2 ** 200 } }
          : {},
      'does not fit the modulus',
    ],
    [
      'a type that lies',
      (v) => (v.op === 'ckks.add' && v.type.kind === 'cipher' ? { type: { ...v.type, scale: 2 } } : {}),
      'does not say scale',
    ],
  ])('%s', (_, change, message) => {
    const found = checkScales(changed(sound(), change));
    expect(codes(found)).toEqual(['FHE0504']);
    expect(found.map((d) => d.message).join('\n')).toContain(message);
  });

  test('canonical scales that do not follow from the primes', () => {
    const module = sound();
    if (!module.parameters) throw new Error('no parameters');
    const scales = module.parameters.scales.map((s, l) => (l === 0 ? s * 1.01 : s));
    const found = checkScales({ ...module, parameters: { ...module.parameters, scales } });
    expect(found[0].message).toContain('canonical scale of level 0');
  });
});

describe('a module that raises the modulus', () => {
  const { parameters } = sound();
  if (!parameters) throw new Error('no parameters');
  const raising = (write: (b: Builder, x: Value) => Value): Module => {
    const b = new Builder({ parameters });
    const x = b.param('x/0', cipherType(0, parameters.scales[0]));
    return { level: 'ckks', parameters, funcs: [b.finish('main', [{ name: 'y/0', value: write(b, x) }])] };
  };
  const encapsulated = raising((b, x) => {
    const raised = b.create(modRaise, [b.create(switchKey, [x], { to: 'sparse' })], { level: 2 });
    return b.create(mulI, [b.create(conjugate, [b.create(switchKey, [raised], { to: 'dense' })])]);
  });

  test('passes', () => {
    expect(() => checkModule(encapsulated, toy)).not.toThrow();
    expect(() =>
      checkModule(
        raising((b, x) => b.create(modRaise, [x], { level: 1 })),
        toy,
      ),
    ).not.toThrow();
  });

  test.each<[string, (v: Value, operands: readonly Value[]) => Partial<Value>, string]>([
    ['a raise from above level 0', (v) => (v.op === 'param' ? { type: cipherType(1, 2 ** 30) } : {}), 'it goes from'],
    [
      'a raise to level 0',
      (v) => (v.op === 'ckks.mod_raise' ? attr(v, { level: 0 }) : {}),
      'it goes from level 0 to 0',
    ],
    ['a switch at the wrong level', (v) => (v.attrs['to'] === 'dense' ? attr(v, { to: 'sparse' }) : {}), 'not 0'],
    [
      'a conjugation in size 3',
      (v) => (v.op === 'param' ? { type: cipherType(0, 2 ** 30, 3) } : {}),
      'an operand is not relinearized',
    ],
  ])('checkLevels finds %s', (_, change, message) => {
    const found = checkLevels(changed(encapsulated, change));
    expect(codes(found)).toEqual(['FHE0503']);
    expect(found.map((d) => d.message).join('\n')).toContain(message);
  });

  test.each<[string, (v: Value, operands: readonly Value[]) => Partial<Value>, string]>([
    ['the missing switch back', (v, [x]) => (v.attrs['to'] === 'dense' ? x : {}), 'switched to the dense one first'],
    ['the missing switch away', (v, [x]) => (v.attrs['to'] === 'sparse' ? x : {}), 'no raised ciphertext'],
    [
      'an op under the sparse secret',
      (v) => (v.op === 'ckks.mod_raise' ? { op: 'ckks.negate', attrs: {} } : {}),
      'takes mod_raise only',
    ],
  ])('checkSecrets finds %s', (_, change, message) => {
    const found = checkSecrets(changed(encapsulated, change));
    expect(codes(found)).toEqual(['FHE0505']);
    expect(found.map((d) => d.message).join('\n')).toContain(message);
  });

  test('checkSecrets finds a result under the sparse secret', () => {
    const found = checkSecrets(raising((b, x) => b.create(switchKey, [x], { to: 'sparse' })));
    expect(found.map((d) => d.message)).toEqual([`result 'y/0' is under the sparse secret`]);
  });
});

describe('checkSecurity', () => {
  test('refuses insecure parameters unless the test option is given and they admit it', () => {
    const module = sound();
    if (!module.parameters) throw new Error('no parameters');
    expect(codes(checkSecurity(module))).toEqual(['FHE0601']);
    expect(checkSecurity(module, { insecureForTests: true })).toEqual([]);
    const lying = { ...module, parameters: { ...module.parameters, secure: true } };
    expect(codes(checkSecurity(lying, { insecureForTests: true }))).toEqual(['FHE0601']);
  });

  test('knows what a sparse secret allows', () => {
    const [ringDegree, base] = [8192, 1099511480321n];
    const sparse = (special: bigint): Module => {
      const parameters = {
        ringDegree,
        primes: [base, 1099510890497n],
        specialPrimes: [special],
        scales: [2 ** 30, 2 ** 35],
        secure: true,
      };
      const b = new Builder({ parameters });
      const x = b.create(switchKey, [b.param('x/0', cipherType(0, 2 ** 30))], { to: 'sparse' });
      return { level: 'ckks', parameters, funcs: [b.finish('main', [{ name: 'y/0', value: x }])] };
    };
    expect(checkSecurity(sparse(3n))).toEqual([]);
    expect(checkSecurity(sparse(1099511922689n)).map((d) => d.message)).toEqual([
      '80.0 bits of modulus are too many for a sparse secret at N = 8192',
    ]);
  });

  test('counts the special prime', () => {
    const w = new SlotsWriter(2048);
    const module = scheduleSlots(w.module(w.mulPlain(w.param('x/0'), 2)), { precisionBits: 1 });
    expect(checkSecurity(module)).toEqual([]);
    const { parameters } = module;
    if (!parameters) throw new Error('no parameters');
    const more = { ...parameters, specialPrimes: [...parameters.specialPrimes, ...parameters.specialPrimes] };
    expect(codes(checkSecurity({ ...module, parameters: more }))).toEqual(['FHE0601']);
  });
});
