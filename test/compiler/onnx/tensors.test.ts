import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTensor } from '../../../compiler/onnx/tensors.ts';
import { unknownLoc } from '../../../ir/diagnostics.ts';
import { errorOf } from '../../support/error-code.ts';
import { dataTypes, floatTensor } from '../../support/onnx-builder.ts';

type Proto = Parameters<typeof decodeTensor>[0];
type External = Parameters<typeof decodeTensor>[3];
const decode = (proto: Proto, external?: External): number[] => [
  ...decodeTensor(proto, "initialiser 'w'", unknownLoc, external).tensor.data,
];

const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice();

describe('decodeTensor', () => {
  it.each([
    ['float', 1, new Float32Array([1.5, -2, 0])],
    ['uint8', 2, new Uint8Array([1, 255, 0])],
    ['int8', 3, new Int8Array([1, -128, 0])],
    ['uint16', 4, new Uint16Array([1, 65535, 0])],
    ['int16', 5, new Int16Array([1, -32768, 0])],
    ['int32', 6, new Int32Array([1, -(2 ** 31), 0])],
    ['double', 11, new Float64Array([1e300, -2, 0])],
    ['uint32', 12, new Uint32Array([1, 2 ** 32 - 1, 0])],
  ] as const)('reads raw %s', (_, dataType, array) => {
    expect(decode({ dims: [3], dataType, rawData: bytesOf(array) })).toEqual([...array]);
  });

  it('reads raw 64-bit integers, float16, bfloat16 and truth values', () => {
    expect(decode({ dims: [2], dataType: 7, rawData: bytesOf(BigInt64Array.of(-5n, 2n ** 40n)) })).toEqual([
      -5,
      2 ** 40,
    ]);
    const half = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00);
    expect(decode({ dims: [4], dataType: 10, rawData: bytesOf(half) })).toEqual([1, -2, 2 ** -24, Infinity]);
    expect(decode({ dims: [2], dataType: 16, rawData: bytesOf(Uint16Array.of(0x3f80, 0xc040)) })).toEqual([1, -3]);
    expect(decode({ dims: [3], dataType: 9, rawData: Uint8Array.of(0, 1, 7) })).toEqual([0, 1, 1]);
  });

  it('reads the typed fields', () => {
    expect(decode(floatTensor('w', [2], [1, 2]))).toEqual([1, 2]);
    expect(decode({ dims: [2], dataType: dataTypes.double, doubleData: [1e-300, 2] })).toEqual([1e-300, 2]);
    expect(decode({ dims: [2], dataType: dataTypes.int64, int64Data: [1, -2] })).toEqual([1, -2]);
    expect(decode({ dims: [2], dataType: dataTypes.float16, int32Data: [0x3c00, 0xc000] })).toEqual([1, -2]);
    expect(decode({ dims: [2], dataType: dataTypes.bfloat16, int32Data: [0x3f80, 0xc040] })).toEqual([1, -3]);
  });

  it('gives every float as it was written', () => {
    fc.assert(
      fc.property(fc.float32Array({ maxLength: 20, noNaN: true }), (array) => {
        const proto = { dims: [array.length], dataType: 1, rawData: bytesOf(array) };
        expect(decode(proto)).toEqual([...array]);
      }),
    );
  });

  it('reads external data at its offset and length', () => {
    const file = bytesOf(new Float32Array([9, 1, 2, 9]));
    const at = (offset: string, length: string): Proto => ({
      dims: [2],
      dataType: 1,
      dataLocation: 1,
      externalData: [
        { key: 'location', value: 'weights/w.bin' },
        { key: 'offset', value: offset },
        { key: 'length', value: length },
      ],
    });
    expect(decode(at('4', '8'), (path) => (path === 'weights/w.bin' ? file : new Uint8Array()))).toEqual([1, 2]);
    expect(errorOf(() => decode(at('12', '8'), () => file))).toContain('FHE0205');
    expect(errorOf(() => decode(at('-4', '8'), () => file))).toContain('FHE0205');
    expect(errorOf(() => decode(at('4', '8')))).toContain('FHE0207');
    const missing = (): Uint8Array => {
      throw new Error('no such file');
    };
    expect(errorOf(() => decode(at('4', '8'), missing))).toContain('FHE0207');
  });

  it.each(['../w.bin', '/etc/w.bin', 'a/../../w.bin', 'C:\\w.bin', '\\w.bin', 'a\\..\\w.bin', ''])(
    'refuses the external path %j',
    (value) => {
      const proto = { dims: [1], dataType: 1, dataLocation: 1, externalData: [{ key: 'location', value }] };
      expect(errorOf(() => decode(proto, () => new Uint8Array(4)))).toContain('FHE0207');
    },
  );

  it.each([
    ['too few elements', floatTensor('w', [3], [1, 2])],
    ['too few bytes', { dims: [3], dataType: 1, rawData: new Uint8Array(8) }],
    ['a negative dimension', { dims: [-1], dataType: 1, floatData: [] }],
    ['an absurd shape', { dims: [2 ** 20, 2 ** 20], dataType: 1, floatData: [] }],
    ['an absurd shape behind a zero', { dims: [0, 2 ** 40], dataType: 1, floatData: [] }],
    ['strings', { dims: [1], dataType: 8, stringData: [Uint8Array.of(65)] }],
  ])('refuses %s', (_, proto) => {
    expect(errorOf(() => decode(proto))).toContain("FHE0205: initialiser 'w'");
  });
});
