import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readNpy, writeNpy } from '../../../compiler/inputs/npy.ts';
import { npyFile, range } from './files.ts';

type Setter = (view: DataView, at: number, value: number, little: boolean) => void;

const types: readonly (readonly [string, number, Setter, readonly number[]])[] = [
  ['b1', 1, (v, at, x) => v.setUint8(at, x), [0, 1]],
  ['i1', 1, (v, at, x) => v.setInt8(at, x), [-128, 0, 127]],
  ['u1', 1, (v, at, x) => v.setUint8(at, x), [0, 7, 255]],
  ['i2', 2, (v, at, x, le) => v.setInt16(at, x, le), [-32768, 5, 32767]],
  ['u2', 2, (v, at, x, le) => v.setUint16(at, x, le), [0, 5, 65535]],
  ['i4', 4, (v, at, x, le) => v.setInt32(at, x, le), [-(2 ** 31), 5]],
  ['u4', 4, (v, at, x, le) => v.setUint32(at, x, le), [5, 2 ** 32 - 1]],
  ['i8', 8, (v, at, x, le) => v.setBigInt64(at, BigInt(x), le), [-(2 ** 40), 5]],
  ['u8', 8, (v, at, x, le) => v.setBigUint64(at, BigInt(x), le), [2 ** 40, 5]],
  [
    'f2',
    2,
    (v, at, x, le) =>
      v.setUint16(
        at,
        new Map([
          [1, 0x3c00],
          [-2, 0xc000],
          [2 ** -24, 1],
          [65504, 0x7bff],
        ]).get(x) ?? 0,
        le,
      ),
    [0, 1, -2, 2 ** -24, 65504],
  ],
  ['f4', 4, (v, at, x, le) => v.setFloat32(at, x, le), [0.5, -3]],
  ['f8', 8, (v, at, x, le) => v.setFloat64(at, x, le), [Math.PI, -1e300]],
];

test.each(types)('elements of type %s, both byte orders', (kind, bytes, set, values) => {
  for (const little of [true, false]) {
    const body = new Uint8Array(bytes * values.length);
    values.forEach((x, i) => set(new DataView(body.buffer), i * bytes, x, little));
    const order = bytes === 1 ? '|' : little ? '<' : '>';
    expect([...readNpy(npyFile(order + kind, false, [values.length], body), 'x').data]).toEqual(values);
  }
});

test.each([1, 2, 3])('format version %i', (version) => {
  expect(readNpy(npyFile('|u1', false, [2, 2], Uint8Array.of(1, 2, 3, 4), version), 'x')).toEqual({
    shape: [2, 2],
    data: Float64Array.of(1, 2, 3, 4),
  });
});

test('Fortran order is turned into C order', () => {
  const shape = [2, 3, 4];
  // Element (i, j, k) is i*100 + j*10 + k; in Fortran order i runs fastest.
  const body = new Uint8Array(24);
  range(24).forEach((at) => (body[at] = (at % 2) * 100 + (Math.floor(at / 2) % 3) * 10 + Math.floor(at / 6)));
  const { data } = readNpy(npyFile('|u1', true, shape, body), 'x');
  expect([...data]).toEqual(range(24).map((i) => Math.floor(i / 12) * 100 + (Math.floor(i / 4) % 3) * 10 + (i % 4)));
});

test('what is written reads back', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      (shape, x) => {
        const data = new Float64Array(shape.reduce((n, d) => n * d, 1)).map((_, i) => x / (i + 1));
        const back = readNpy(writeNpy(shape, data), 'x');
        expect(back).toEqual({ shape, data });
      },
    ),
  );
});

const ones = (n: number): Uint8Array => new Uint8Array(n).fill(1);

test.each([
  ['text', new TextEncoder().encode('hello'), 'not a .npy file'],
  ['version 9', npyFile('<f4', false, [1], ones(4), 9), 'version 9'],
  ['objects', npyFile('|O', false, [1], ones(8)), 'descr'],
  ['complex numbers', npyFile('<c8', false, [1], ones(8)), 'c8'],
  ['long doubles', npyFile('<f16', false, [1], ones(16)), 'f16'],
  ['too few bytes', npyFile('<f4', false, [3], ones(8)), '12'],
  ['too many bytes', npyFile('<f4', false, [1], ones(8)), '4'],
  ['a huge shape', npyFile('<f4', false, [999999, 999999], ones(8)), 'too many'],
  ['a huge shape behind a zero', npyFile('<f4', false, [0, 999999999999], ones(0)), 'too many'],
  ['not a number', npyFile('<f4', false, [1], Uint8Array.of(0, 0, 192, 127)), 'finite'],
  ['a negative dimension', npyFile('<f4', false, [-1], ones(4)), 'shape'],
  ['cut in the header', npyFile('<f4', false, [1], ones(4)).subarray(0, 30), 'cut short'],
  ['cut in the magic', npyFile('<f4', false, [1], ones(4)).subarray(0, 9), 'cut short'],
])('%s: refused', (_, bytes, reason) => {
  expect(() => readNpy(bytes, 'bad.npy')).toThrow(/FHE0903: bad\.npy/);
  expect(() => readNpy(bytes, 'bad.npy')).toThrow(reason);
});
