import { expect, test } from 'vitest';
import { forecastNative } from '../../../compiler/cli/forecast.ts';
import type { Program, Register } from '../../../ir/program/program.ts';
import { nativeCostModel, nativeWork, secondsOfWork } from '../../../passes/analysis/native-costs.ts';
import { Assembler, testParameters } from '../../runtime/assembler.ts';

const parameters = testParameters(1024, 4);
const primes = parameters.primes.length;
const budget = { keys: 2 ** 30, plaintexts: 2 ** 30, fusion: { bytes: 2 ** 26, keys: 8 }, engine: 0 };
const model = nativeCostModel(1);
const speed = { transform: 3, keyProduct: 5, pass: 7, embedding: 11, call: 13 };
const costs = { threads: 2, speed };

const programOf = (write: (a: Assembler, x: Register) => readonly Register[]): Program => {
  const a = new Assembler(parameters);
  return a.finish(write(a, a.input('x')));
};

test('what is not fused is forecast at the price of its instructions', () => {
  const program = programOf((a, x) => [a.unary('rescale', a.unary('negate', x))]);
  const expected = model.seconds('negate', 1024, primes) + model.seconds('rescale', 1024, primes);
  expect(forecastNative(program, budget, 2)).toBeCloseTo(expected, 12);
  expect(forecastNative(program, budget, 1)).toBeCloseTo(2 * expected, 12);
});

test('rotations of one ciphertext are forecast to split it once', () => {
  const priced = (what: Parameters<typeof nativeWork>[0]): number =>
    secondsOfWork(nativeWork(what, 1, 1024, primes), speed);
  const program = programOf((a, x) => [a.rotate(x, 1), a.rotate(x, 2), a.rotate(x, 3)]);
  const expected = priced('split') + 3 * (priced('switch') + priced('divide'));
  expect(forecastNative(program, budget, 2, costs)).toBeCloseTo(expected, 9);
  expect(expected).toBeLessThan(3 * priced('rotate'));
  // A key switch is made of its pieces.
  expect(priced('split') + priced('switch') + priced('divide')).toBeCloseTo(priced('rotate'), 9);
});

test('weights that no budget keeps are forecast to be encoded in each run', () => {
  const vector = (k: number): Float64Array =>
    Float64Array.from({ length: 512 }, (_, i) => Math.fround(Math.sin(k + i)));
  const program = programOf((a, x) => [a.timesConstants(x, vector(1)), a.timesConstants(x, vector(2))]);
  const warm = forecastNative(program, budget, 2, costs);
  const encode = secondsOfWork(nativeWork('encode', 1, 1024, primes), speed);
  expect(forecastNative(program, { ...budget, plaintexts: 0 }, 2, costs)).toBeCloseTo(warm + 2 * encode, 9);
});
